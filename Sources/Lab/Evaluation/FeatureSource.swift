import Foundation
import Media
import Networks
import Systems
import Tensors

/// A frozen network together with how it takes in an example.
protocol FeatureSource {
    var medium: Medium { get }
    /// `[N, F]`: a row an example, or several of a long sound.
    func vectors(of examples: [Example]) throws -> Tensor
    /// What it takes them for, `[N, classes]`; nil where it was not made to say.
    func logits(of examples: [Example]) throws -> Tensor?
}

/// A feature network that was trained here.
struct TrainedFeatures: FeatureSource {
    let system: any FeatureSystem

    var medium: Medium { system.form.isPicture ? .picture : .sound }

    private func media(of examples: [Example]) throws -> Tensor {
        if system.form.isPicture { return Tensor(examples.compactMap(\.picture).map(\.rgb)) }
        return try system.form.media(of: examples, from: 0)
    }

    func vectors(of examples: [Example]) throws -> Tensor { system.extractor.vectors(of: try media(of: examples)) }

    /// Classes of pictures are what they are of, which their captions need not say.
    func logits(of examples: [Example]) throws -> Tensor? {
        system.form.isPicture ? nil : (system as? any ClassifyingSystem)?.logits(of: try media(of: examples))
    }
}

struct VGGFeatureSource: FeatureSource {
    let network: VGGFeatures
    let medium = Medium.picture

    func vectors(of examples: [Example]) -> Tensor {
        network.vectors(of: Tensor(examples.compactMap(\.picture).map(\.rgb)))
    }

    func logits(of examples: [Example]) -> Tensor? { nil }
}

struct VGGishSource: FeatureSource {
    let network: VGGish
    private let patches = VGGishPatches()
    let medium = Medium.sound

    init(_ network: VGGish) { self.network = network }

    func vectors(of examples: [Example]) -> Tensor {
        let heard = examples.compactMap(\.sound).map { patches($0) }
        return network(concatenated(heard, axis: 0).unsqueezed(3))
    }

    func logits(of examples: [Example]) -> Tensor? { nil }
}

struct MelceptionSource: FeatureSource {
    let network: Melception
    private let mel = MelSpectrogram()
    let medium = Medium.sound

    init(_ network: Melception) { self.network = network }

    func vectors(of examples: [Example]) -> Tensor { answers(examples) { $0.vectors } }

    func logits(of examples: [Example]) -> Tensor? { answers(examples) { $0.logits } }

    /// Sounds may differ in length.
    private func answers(_ examples: [Example], _ part: ((vectors: Tensor, logits: Tensor)) -> Tensor) -> Tensor {
        concatenated(
            examples.compactMap(\.sound).map { sound in
                let values = mel(sound)
                return part(network(values.reshaped([1] + values.shape + [1])))
            }, axis: 0)
    }
}
