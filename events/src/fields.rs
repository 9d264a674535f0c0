//! Facts declared with a table of their members, from which forms and schemas can be made.

/// One member of facts or of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// The Rust type, as written: whoever makes a schema maps it.
    pub form: &'static str,
    /// What it says.
    pub says: &'static str,
    /// How it is read, as written: one with a default may be left out.
    pub serde: &'static str,
}

impl Field {
    /// Whether it must be there.
    pub fn is_required(&self) -> bool {
        !self.form.starts_with("Option") && !self.serde.contains("default")
    }
}

/// Declare facts: a closed struct, members in the order of their names, and their table.
macro_rules! facts {
    ($(
        $(#[$doc:meta])* $name:ident {
            $($(#[doc = $says:literal])+ $(#[serde($($serde:tt)*)])? $field:ident: $ty:ty,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $says])+ $(#[serde($($serde)*)])? pub $field: $ty,)*
        }

        impl $name {
            /// Its members.
            pub const FIELDS: &'static [$crate::fields::Field] = &[$($crate::fields::Field {
                name: stringify!($field),
                form: stringify!($ty),
                says: concat!($($says),+),
                serde: concat!("" $(, stringify!($($serde)*))?),
            },)*];
        }
    )*};
}
pub(crate) use facts;
