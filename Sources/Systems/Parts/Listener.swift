import Diffusion
import Media
import Networks
import Tensors

/// What a model is told: a sentence, a class, a picture or nothing, withheld now and then in training.
///
/// Section `condition {kind, dropout, ...}`, of kind `text` with `encoder {from}` for a frozen reader or the sizes of one that learns, of
/// kind `picture` with the sizes of an encoder that learns.
///
/// Not a module: the walker finds what learns where the system itself holds it.
final class Listener {
    let reader: (any TextReader)?
    let viewer: PictureEncoder?
    let classes: Int
    private let dropout: Float

    /// - Parameter sees: the system holds a `viewer`, so that it may be told pictures.
    init(_ section: Section, _ surroundings: Surroundings, sees: Bool = false) throws {
        let kind = try section.choice(
            "kind", among: ["none", "class", "text"] + (sees ? ["picture"] : []), default: "none")
        dropout = try section.float("dropout", default: 0.1, in: 0...1)
        classes = kind == "class" ? try section.int("classes", in: 1...1_000_000) : 0
        reader = kind == "text" ? try TextReaders.reader(section, surroundings) : nil
        viewer = kind == "picture" ? try PictureEncoder(section) : nil
    }

    /// Of what is told beside the state, 0 where nothing is.
    var width: Int { reader?.width ?? viewer?.width ?? 0 }

    func conditions(captions: [String], labels: [Int], pictures: Tensor? = nil) -> [Condition] {
        if let reader { return [reader(captions)] }
        if let viewer {
            guard let pictures else { fatalError("a model that is told pictures, and a batch without") }
            let seen = viewer(pictures)
            return [Condition(.image, states: seen.states, pooled: seen.pooled, mask: seen.mask)]
        }
        return classes > 0 ? [Condition(.classes, labels: labels)] : []
    }

    func conditions(of batch: Batch) -> [Condition] {
        let drops = batch.places.map { $0("drop").uniformDouble() < Double(dropout) }
        return conditions(captions: batch.captions, labels: batch.labels, pictures: batch.pictures)
            .map { $0.withheld(where: drops) }
    }

    /// What a request asks for, sample by sample.
    func jobs(_ request: SampleRequest) throws(InputError) -> [SampleJob] {
        try SampleJob.list(request, hasText: reader != nil, classes: classes, sees: viewer != nil)
    }

    /// What is told about some jobs, and what guidance holds against it if not nothing.
    func conditions(of jobs: [SampleJob], negative: String?) -> (told: [Condition], negative: [Condition]?) {
        let told = conditions(
            captions: jobs.map { $0.prompt ?? "" }, labels: jobs.map { $0.label ?? 0 },
            pictures: viewer.map { viewer in
                Tensor(jobs.map { $0.picture!.rgb.resized(width: viewer.side, height: viewer.side) })
            })
        return (told, negative.map { text in conditions(captions: jobs.map { _ in text }, labels: jobs.map { _ in classes }) })
    }

    func configuration(_ stored: ConfigurationValue) -> ConfigurationValue {
        guard let reader, let condition = stored["condition"] else { return stored }
        return stored.setting("condition", reader.configuration(condition))
    }
}

extension PictureEncoder {
    /// Keys: `side`, `patch`, `width`, `depth`, `heads`; `features {channels, multipliers, blocks, groups}` to look through.
    fileprivate convenience init(_ section: Section) throws {
        let side = try section.int("side", default: 64, in: 1...1024)
        let features = try section.optionalSection("features").map { try FeatureNetworkConfiguration($0, of: .picture) }
        let patch = try section.int("patch", default: features == nil ? 8 : 1, in: 1...256)
        let width = try section.int("width", default: 192, in: 8...4096)
        let heads = try section.int("heads", default: 4, in: 1...64)
        let map = features?.mapSide(of: side) ?? side
        guard map > 0 else {
            throw section.error("features.multipliers", "halve the picture too often", expected: "a side from 1 on", found: "0")
        }
        guard map % patch == 0 else {
            throw section.error("patch", "does not divide the side", expected: "a divisor of \(map)", found: "\(patch)")
        }
        guard width % heads == 0 else {
            throw section.error("heads", "does not divide the width", expected: "a divisor of \(width)", found: "\(heads)")
        }
        self.init(
            side: side, patch: patch, width: width, depth: try section.int("depth", default: 4, in: 0...48), heads: heads,
            through: features)
    }
}
