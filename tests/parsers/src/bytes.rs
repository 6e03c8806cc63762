//! Choices read from the front of an input.

/// What is left of an input. Where nothing is left, choices are the first and numbers are 0.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A number below `count`, from one byte if that is enough.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let number =
            if count <= 256 { usize::from(self.byte()) } else { u16::from_le_bytes(self.array()).into() };
        number % count.max(1)
    }

    pub(crate) fn pick<'b, T>(&mut self, all: &'b [T]) -> &'b T {
        &all[self.below(all.len())]
    }

    /// The next `length` bytes, or what is left.
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// As many bytes as the next two say, or what is left.
    pub(crate) fn block(&mut self) -> &'a [u8] {
        let length = u16::from_le_bytes(self.array());
        self.take(length.into())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }
}

/// What [`Bytes::block`] reads.
pub(crate) fn block(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &bytes[..length.into()]].concat()
}
