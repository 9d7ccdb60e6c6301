import Media
import Networks
import Systems
import Tensors

/// What a network makes of some examples.
struct SeenExamples {
    /// `[N, F]`: a row an example, or several of a long sound.
    let vectors: Tensor
    /// What it takes them for, `[N, classes]`; nil where it was not made to say, or not asked.
    var logits: Tensor?
}

/// A frozen network together with how it takes in an example.
protocol FeatureSource {
    var medium: Medium { get }
    /// - Parameter answering: whether it is to say what it takes them for.
    func seen(in examples: [Example], answering: Bool) throws -> SeenExamples
}

/// A feature network that was trained here.
struct TrainedFeatures: FeatureSource {
    let system: any FeatureSystem

    var medium: Medium { system.form.medium }

    /// Classes of pictures are what they are of, which their captions need not say.
    func seen(in examples: [Example], answering: Bool) throws -> SeenExamples {
        if medium == .picture {
            return SeenExamples(vectors: system.extractor.vectors(of: Tensor(examples.compactMap(\.picture).map(\.rgb))))
        }
        let media = try system.form.media(of: examples, from: 0)
        let classifier = answering ? system as? any ClassifyingSystem : nil
        return SeenExamples(vectors: system.extractor.vectors(of: media), logits: classifier?.logits(of: media))
    }
}

struct VGGFeatureSource: FeatureSource {
    let network: VGGFeatures
    let medium = Medium.picture

    func seen(in examples: [Example], answering: Bool) -> SeenExamples {
        SeenExamples(vectors: network.vectors(of: Tensor(examples.compactMap(\.picture).map(\.rgb))))
    }
}

struct VGGishSource: FeatureSource {
    let network: VGGish
    private let patches = VGGishPatches()
    let medium = Medium.sound

    init(_ network: VGGish) { self.network = network }

    func seen(in examples: [Example], answering: Bool) -> SeenExamples {
        let heard = examples.compactMap(\.sound).map { patches($0) }
        return SeenExamples(vectors: network(concatenated(heard, axis: 0).unsqueezed(3)))
    }
}

struct MelceptionSource: FeatureSource {
    let network: Melception
    private let mel = MelSpectrogram()
    let medium = Medium.sound

    init(_ network: Melception) { self.network = network }

    /// One by one: sounds may differ in length.
    func seen(in examples: [Example], answering: Bool) -> SeenExamples {
        let answers = examples.compactMap(\.sound).map { sound in
            let values = mel(sound)
            return network(values.reshaped([1] + values.shape + [1]))
        }
        return SeenExamples(
            vectors: concatenated(answers.map(\.vectors), axis: 0), logits: concatenated(answers.map(\.logits), axis: 0))
    }
}
