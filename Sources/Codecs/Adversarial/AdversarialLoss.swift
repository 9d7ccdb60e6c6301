import Tensors

/// The game between a decoder and its discriminator, from the discriminator's logits of any shape, high for real.
public enum AdversarialLoss: String, Sendable, CaseIterable {
    /// Lim & Ye 2017, arXiv 1705.02894.
    case hinge
    /// Goodfellow et al. 2014, arXiv 1406.2661, section 3.
    case nonSaturating = "non-saturating"

    /// What the discriminator makes least: half for real pictures, half for decoded ones. Scalar.
    public func discriminator(real: Tensor, fake: Tensor) -> Tensor {
        let terms =
            switch self {
            case .hinge: ((1 - real).relu(), (1 + fake).relu())
            case .nonSaturating: ((-real).softplus(), fake.softplus())
            }
        return (terms.0.mean() + terms.1.mean()) * 0.5
    }

    /// What the decoder makes least. Scalar.
    public func generator(fake: Tensor) -> Tensor {
        switch self {
        case .hinge: -fake.mean()
        case .nonSaturating: (-fake).softplus().mean()
        }
    }
}
