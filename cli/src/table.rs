//! The one look of tables.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};

/// Columns if there is no terminal to ask for its width.
const WIDTH: u16 = 150;

/// A table with this header, as wide as the terminal.
pub(crate) fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    // Without a terminal there is no width to arrange for.
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    table
}
