import Codecs
import Media
import Tensors

extension VQVAEConfiguration {
    /// Section `codec` of every system with a quantizer.
    init(_ section: Section, _ form: MediaForm) throws {
        self.init()
        network = try ConvCodecConfiguration(section, form)
        quantizer = try QuantizerConfiguration(section)
        if quantizer.width == nil { codeWidth = try section.optionalInt("code_width", in: 1...4096) }
        prunesCodes = try section.bool("prune", default: prunesCodes)
        tokenNoise = try section.float("token_noise", default: tokenNoise, in: 0...1)
        reconstruction = try ReconstructionLoss(try section.section("loss"), reconstruction)
        try check(at: section.place.description)
    }
}

extension QuantizerConfiguration {
    /// `quantizer`, and the keys of that kind.
    init(_ section: Section) throws {
        switch try section.choice("quantizer", among: ["nearest", "gumbel", "fsq"], default: "nearest") {
        case "nearest": self = .nearest(try NearestCodeConfiguration(section))
        case "gumbel": self = .gumbel(try GumbelCodeConfiguration(section))
        default: self = .fsq(levels: try section.ints("levels", default: [8, 8, 8], in: 2...1024))
        }
    }
}

extension NearestCodeConfiguration {
    init(_ section: Section) throws {
        self.init()
        codes = try section.int("codes", default: codes, in: 2...1_000_000)
        beta = try section.float("beta", default: beta, in: 0...100)
        form = try section.choice("form", default: form)
        learning = try section.choice("learning", default: learning)
        decay = try section.float("decay", default: decay, in: 0...0.999999)
        isNormalised = try section.bool("normalised", default: isNormalised)
        window = try section.int("window", default: window, in: 0...1_000_000)
    }
}

extension GumbelCodeConfiguration {
    init(_ section: Section) throws {
        self.init()
        codes = try section.int("codes", default: codes, in: 2...1_000_000)
        temperature = try section.float("temperature", default: temperature, in: 1e-3...1e3)
        finalTemperature = try section.float("final_temperature", default: finalTemperature, in: 1e-3...1e3)
        annealing = try section.int("annealing", default: annealing, in: 0...1_000_000_000)
        klWeight = try section.float("kl_weight", default: klWeight, in: 0...1e3)
    }
}

extension ConvCodecConfiguration {
    init(_ section: Section, _ form: MediaForm) throws {
        self.init()
        switch form {
        case .picture:
            let size = try section.ints("size", default: [mediaShape[0], mediaShape[1]], in: 1...4096)
            guard size.count == 2 else {
                throw section.error("size", "is not a size", expected: "[height, width]", found: "\(size)")
            }
            mediaShape = size + [try section.int("media_channels", default: 3, in: 1...64)]
        case .spectrogram(let mel, let frames): mediaShape = [frames, mel.settings.bands, 1]
        case .signal(_, let samples): mediaShape = [samples, 1, 1]
        case .text(let form): mediaShape = [form.length, 1, 1]
        }
        patch = try section.ints("patch", default: patch, in: 1...64)
        channels = try section.int("channels", default: channels, in: 1...4096)
        multipliers = try section.ints("multipliers", default: multipliers, in: 1...64)
        blocks = try section.int("blocks", default: blocks, in: 1...16)
        latentChannels = try section.int("latent_channels", default: latentChannels, in: 1...1024)
        norm = try section.choice("norm", default: norm)
        groups = try section.int("groups", default: groups, in: 1...1024)
        middleAttention = try section.bool("middle_attention", default: middleAttention)
        attentionLevels = try section.ints("attention_levels", default: attentionLevels, in: 0...7)
    }
}

extension ReconstructionLoss {
    init(_ section: Section, _ fallback: ReconstructionLoss) throws {
        self.init(
            l1: try section.float("l1", default: fallback.l1, in: 0...1e3),
            l2: try section.float("l2", default: fallback.l2, in: 0...1e3),
            gradient: try section.float("gradient", default: fallback.gradient, in: 0...1e3),
            scales: try section.int("scales", default: fallback.scales, in: 1...8))
    }
}
