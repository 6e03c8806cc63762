//! The holder's wallet: encrypted file, HTTP client, consent, ledger.
