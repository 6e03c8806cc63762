//! Answers that caches on the way may keep. All others are marked `no-store` (see `envelope`).

use actix_web::http::header::{CacheControl, CacheDirective, ContentType, ETag, EntityTag, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

/// What is to be answered, and how long it may be kept.
pub(crate) struct Cacheable {
    pub(crate) content_type: ContentType,
    pub(crate) body: Bytes,
    /// Another one for every other body that this address has ever had.
    pub(crate) tag: String,
    /// Seconds.
    pub(crate) max_age: u32,
    /// Whether the address will never have another body.
    pub(crate) immutable: bool,
}

impl Cacheable {
    /// The answer to a request (RFC 9110, 13.1.2): without the body for whoever has it.
    pub(crate) fn answer(self, request: &HttpRequest) -> HttpResponse {
        let tag = EntityTag::new_strong(self.tag);
        let mut directives = vec![CacheDirective::Public, CacheDirective::MaxAge(self.max_age)];
        directives.push(match self.immutable {
            true => CacheDirective::Extension("immutable".to_owned(), None),
            false => CacheDirective::MustRevalidate,
        });
        let is_there = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|given| given.weak_eq(&tag)),
            None => false,
        };
        let mut answer = if is_there { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer.insert_header(CacheControl(directives)).insert_header(ETag(tag));
        if is_there { answer.finish() } else { answer.insert_header(self.content_type).body(self.body) }
    }
}
