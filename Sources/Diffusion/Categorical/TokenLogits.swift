/// What a network's logits of a token speak of.
public enum TokenLogits: Sendable, CaseIterable {
    /// Its clean value given all tokens, itself included: p(x0 | x_t).
    case clean
    /// Its clean value given the other tokens: of a network that does not see the token it speaks of.
    case cleanFromOthers
    /// Its value at the same time given the other tokens.
    case presentFromOthers
}
