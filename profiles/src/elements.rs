//! Names of the elements in which GB/T 36903 puts what every electronic licence says of itself.
//!
//! As read in a public source; the standard was not at hand and may have more.

/// An element of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name in the custom data of a licence file.
    pub name: &'static str,
    /// The type that an attribute needs to be it; a text may always be a code.
    pub kind: &'static str,
    /// What it is in Chinese.
    pub title: &'static str,
}

const fn element(name: &'static str, kind: &'static str, title: &'static str) -> Element {
    Element { name, kind, title }
}

/// All that are known here.
pub const ELEMENTS: [Element; 12] = [
    element("ZZMC", "text", "证照名称"),
    element("ZZLXDM", "text", "证照类型代码"),
    element("ZZBH", "text", "证照编号"),
    element("ZZBS", "text", "证照标识"),
    element("ZZBFJG", "text", "证照颁发机构"),
    element("ZZBFJGDM", "text", "证照颁发机构代码"),
    element("ZZBFRQ", "date", "证照颁发日期"),
    element("CZZT", "text", "持证主体"),
    element("CZZTDM", "text", "持证主体代码"),
    element("CZZTDMLX", "text", "持证主体代码类型"),
    element("ZZYXQQSRQ", "date", "证照有效期起始日期"),
    element("ZZYXQJZRQ", "date", "证照有效期截止日期"),
];

/// Number of a licence, as people read it.
pub(crate) const NUMBER: &str = "ZZBH";
/// Identifier of a licence, GB/T 36904.
pub(crate) const IDENTIFIER: &str = "ZZBS";
/// Day of issue.
pub(crate) const ISSUED: &str = "ZZBFRQ";
/// First day of validity.
pub(crate) const VALID_FROM: &str = "ZZYXQQSRQ";
/// Last day of validity.
pub(crate) const VALID_UNTIL: &str = "ZZYXQJZRQ";

/// The element of this name, if it is one of the standard's.
pub fn known(name: &str) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| element.name == name)
}
