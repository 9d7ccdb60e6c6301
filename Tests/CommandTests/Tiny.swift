import Foundation

/// Experiments small enough to train within a second.
enum Tiny {
    /// Epochs of 50 examples, so that steps of 8 cross epochs in their middle.
    static func kl(steps: Int = 20, microbatch: Int = 8, every: Int = 3) -> String {
        """
        version: 1
        name: tiny-kl
        system: kl-autoencoder
        seed: 3
        codec: {size: [32, 32], channels: 8, multipliers: [1, 1, 2], blocks: 1, latent_channels: 4, groups: 4, middle_attention: false}
        data: {train: {kind: shapes, count: 50}}
        train:
          steps: \(steps)
          batch: 8
          microbatch: \(microbatch)
          optimizer: {lr: 1.0e-3}
          ema: {decay: 0.9}
          checkpoint: {every: \(every), keep: 3}
          preview: {every: 0}
          statistics: 50
        """
    }

    static func vq(steps: Int = 20) -> String {
        kl(steps: steps, microbatch: 4).replacingOccurrences(of: "system: kl-autoencoder", with: "system: vq-vae")
            .replacingOccurrences(of: "latent_channels: 4,", with: "latent_channels: 4, codes: 24, window: 4,")
    }

    /// Begins to judge, and to be listened to, within its steps; two optimizers.
    static func vqgan(steps: Int = 20) -> String {
        kl(steps: steps, microbatch: 4).replacingOccurrences(of: "system: kl-autoencoder", with: "system: vqgan")
            .replacingOccurrences(
                of: "latent_channels: 4,",
                with: "latent_channels: 4, codes: 24, window: 4, prune: true, "
                    + "discriminator: {channels: 4, layers: 2, start: 4, warmup: 5, augment: [color, translation]},"
            )
            .replacingOccurrences(
                of: "  ema:", with: "  optimizers: {discriminator: {lr: 5.0e-4, betas: [0.5, 0.9]}}\n  ema:")
    }

    /// Of sounds; is listened to, and judged, within its steps.
    static func melgan(steps: Int = 12) -> String {
        """
        version: 1
        name: tiny-melgan
        system: melgan
        seed: 3
        model: {channels: 4, blocks: 1, ratios: [8, 4], sound: {rate: 8000, size: 128, hop: 32, bands: 20, high: 4000}}
        discriminator: {channels: 4, layers: 2, largest_channels: 16, segment: 512}
        loss: {mel: 10, spectra: 1, start: 3, warmup: 3}
        data: {train: {kind: soundscapes, count: 20}}
        train:
          steps: \(steps)
          batch: 4
          microbatch: 3
          optimizer: {lr: 1.0e-3}
          optimizers: {discriminator: {betas: [0.5, 0.9]}}
          ema: {decay: 0.9}
          checkpoint: {every: 3, keep: 3}
          preview: {every: 0}
        """
    }

    /// Data and training of what works in latents.
    private static func training(_ steps: Int, _ cache: String) -> String {
        """
        data: {train: {kind: shapes, count: 50}, cache: \(cache)}
        train:
          steps: \(steps)
          batch: 8
          optimizer: {lr: 1.0e-2}
          ema: {decay: 0.9}
          checkpoint: {every: 3, keep: 3}
          preview: {every: 0}
        """
    }

    /// Listens to sentences; works in the latents of `kl/model`.
    static func dit(steps: Int = 12, cache: String = "none") -> String {
        """
        version: 1
        name: tiny-dit
        system: dit
        seed: 3
        codec: {from: kl/model}
        condition: {kind: text, vocabulary: 512, length: 16, width: 16, depth: 1, heads: 2}
        model: {dim: 32, depth: 2, heads: 2, patch: 2}
        corruption: {schedule: linear}
        sample: {steps: 4, cfg_scale: 2}
        \(training(steps, cache))
        """
    }

    /// Listens to sentences; works in the tokens of `vq/model`, or on top of `maskgit/model`.
    static func tokens(_ system: String, steps: Int = 12, cache: String = "none") -> String {
        let on =
            system == "token-critic"
            ? "generator: {from: maskgit/model}"
            : """
            codec: {from: vq/model}
            condition: {kind: text, vocabulary: 512, length: 16, width: 16, depth: 1, heads: 2}
            """
        return """
            version: 1
            name: tiny-\(system)
            system: \(system)
            seed: 3
            \(on)
            model: {dim: 32, depth: 2, heads: 2}
            sample: {\(system == "autoregressive" ? "" : "steps: 4, ")cfg_scale: 2}
            \(training(steps, cache))
            """
    }

    /// A folder with a trained codec of tokens `vq/model` and what was trained on it: `vq-diffusion/model`, ...
    static func trainedOnTokens() throws -> Workplace {
        let place = Workplace()
        try place.write(vq(steps: 6), to: "vq.yaml")
        try Program.succeed(["train", "vq.yaml", "--run-dir", "vq", "--quiet"], in: place.path)
        for system in ["vq-diffusion", "unleashing-transformers", "maskgit", "token-critic", "autoregressive", "sddm"] {
            try place.write(tokens(system, steps: 6), to: "x.yaml")
            try Program.succeed(["train", "x.yaml", "--run-dir", system, "--quiet"], in: place.path)
        }
        return place
    }

    static let sharedTokens = Result { try trainedOnTokens() }

    /// A folder with a trained codec `kl/model` and a trained text-to-image model `dit/model`.
    static func trained() throws -> Workplace {
        let place = Workplace()
        try place.write(kl(steps: 6), to: "kl.yaml")
        try place.write(dit(), to: "dit.yaml")
        try Program.succeed(["train", "kl.yaml", "--run-dir", "kl", "--quiet"], in: place.path)
        try Program.succeed(["train", "dit.yaml", "--run-dir", "dit", "--quiet"], in: place.path)
        return place
    }

    /// Trained once for all tests that only look.
    static let shared = Result { try trained() }
}
