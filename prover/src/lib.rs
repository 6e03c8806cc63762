//! The holder's side: obtain a credential, fetch helper tokens, present.
