//! The documents of resources. A tenant of a million workspaces has twenty million of them: those are kept packed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::OnceLock;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// A document, as text or packed.
#[derive(Clone, Debug)]
pub(crate) struct Body(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Plain(Box<str>),
    /// How long it is, and the rest.
    Packed(u32, Box<[u8]>),
}

/// How hard it is tried: documents of a tenant are so alike that more gains nothing.
const LEVEL: i32 = 1;

struct Dictionary {
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

/// What documents have in common: some of a small tenant.
fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    DICTIONARY.get_or_init(|| {
        let tenant = dekey_tenant::Tenant::generate(1, 4).with_children(dekey_tenant::Children::All);
        let text: String = tenant.flat_map(|own| own.items).map(|(_, own)| own.to_string()).collect();
        Dictionary {
            encoder: EncoderDictionary::copy(text.as_bytes(), LEVEL),
            decoder: DecoderDictionary::copy(text.as_bytes()),
        }
    })
}

thread_local! {
    static PACK: RefCell<Option<Compressor<'static>>> =
        RefCell::new(Compressor::with_prepared_dictionary(&dictionary().encoder).ok());
    static UNPACK: RefCell<Option<Decompressor<'static>>> =
        RefCell::new(Decompressor::with_prepared_dictionary(&dictionary().decoder).ok());
}

impl Body {
    /// Keeps a document as it is.
    pub(crate) fn plain(text: String) -> Self {
        Self(Kept::Plain(text.into_boxed_str()))
    }

    /// Keeps a document packed, where that is possible.
    pub(crate) fn packed(text: String) -> Self {
        let packed = PACK.with_borrow_mut(|own| own.as_mut()?.compress(text.as_bytes()).ok());
        match (packed, u32::try_from(text.len())) {
            (Some(packed), Ok(length)) => Self(Kept::Packed(length, packed.into_boxed_slice())),
            _ => Self::plain(text),
        }
    }

    /// The document.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Kept::Plain(text) => Cow::Borrowed(text),
            Kept::Packed(length, packed) => {
                let unpack = |own: &mut Option<Decompressor<'static>>| {
                    own.as_mut()?.decompress(packed, *length as usize).ok()
                };
                let bytes = UNPACK.with_borrow_mut(unpack).unwrap_or_default();
                // What was packed here was text.
                Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_what_comes_out(text in ".{0,400}") {
            for own in [Body::packed(text.clone()), Body::plain(text.clone())] {
                prop_assert_eq!(own.text(), text.as_str());
            }
        }
    }

    #[test]
    fn documents_of_a_tenant_get_small() {
        let tenant = dekey_tenant::Tenant::generate(9, 20).with_children(dekey_tenant::Children::All);
        let (mut whole, mut small) = (0, 0);
        for (_, value) in tenant.flat_map(|own| own.items) {
            let text = value.to_string();
            whole += text.len();
            let body = Body::packed(text.clone());
            assert_eq!(body.text(), text);
            small += match &body.0 {
                Kept::Packed(_, bytes) => bytes.len(),
                Kept::Plain(text) => text.len(),
            };
        }
        assert!(small * 4 < whole, "{small} of {whole}");
    }
}
