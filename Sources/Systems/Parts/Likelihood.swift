import Diffusion
import Networks
import Tensors

/// A system that says how likely it is to make given sentences, or the latents of other media.
public protocol LikelihoodSystem: System {
    /// Nats of the tokens of each example, told its condition, at most; its places decide which tokens are lost where chance plays a
    /// part.
    ///
    ///     returns [B]
    ///
    /// Throws where the model's network says too little for it.
    func nats(_ batch: Batch) throws -> Tensor
    /// Whether `nats` are exact and no bound.
    static var isExact: Bool { get }
}

extension TokenSystem {
    public static var isExact: Bool { false }

    /// The variational bound over the whole chain.
    public func nats(_ batch: Batch) throws -> Tensor {
        let told = parts.listener.conditions(captions: batch.captions, labels: batch.labels)
        guard let nats = parts.generator.nats(parts.codec.tokens(of: batch), batch.places, parts.denoiser, told: told) else {
            throw InputError(
                "cannot be told from chances that do not speak of clean tokens", at: "--metrics likelihood",
                expected: "a model with corruption.parameterization: implicit")
        }
        return nats
    }
}
