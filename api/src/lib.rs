//! Wire types of the HTTP interface, shared by service and wallet.
