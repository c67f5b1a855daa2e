//! Tests from the outside: the real application on real sockets, with neighbours that do as they are told.

mod helpers;

mod sign_up;
