import Diffusion
import Networks
import Tensors

/// What a model is told: a sentence, a class or nothing, withheld now and then in training.
///
/// Section `condition {kind, dropout, ...}`, of kind `text` with `encoder {from}` for a frozen reader or the sizes of one that learns.
///
/// Not a module: the walker finds a reader that learns where the system itself holds it.
final class Listener {
    let reader: (any TextReader)?
    let classes: Int
    private let dropout: Float

    init(_ section: Section, _ surroundings: Surroundings) throws {
        let kind = try section.choice("kind", among: ["none", "class", "text"], default: "none")
        dropout = try section.float("dropout", default: 0.1, in: 0...1)
        classes = kind == "class" ? try section.int("classes", in: 1...1_000_000) : 0
        reader = kind == "text" ? try TextReaders.reader(section, surroundings) : nil
    }

    func conditions(captions: [String], labels: [Int]) -> [Condition] {
        if let reader { return [reader(captions)] }
        return classes > 0 ? [Condition(.classes, labels: labels)] : []
    }

    func conditions(of batch: Batch) -> [Condition] {
        let drops = batch.places.map { $0("drop").uniformDouble() < Double(dropout) }
        return conditions(captions: batch.captions, labels: batch.labels).map { $0.withheld(where: drops) }
    }

    /// What is told about some jobs, and what guidance holds against it if not nothing.
    func conditions(of jobs: [SampleJob], negative: String?) -> (told: [Condition], negative: [Condition]?) {
        let told = conditions(captions: jobs.map { $0.prompt ?? "" }, labels: jobs.map { $0.label ?? 0 })
        return (told, negative.map { text in conditions(captions: jobs.map { _ in text }, labels: jobs.map { _ in classes }) })
    }

    func configuration(_ stored: ConfigurationValue) -> ConfigurationValue {
        guard let reader, let condition = stored["condition"] else { return stored }
        return stored.setting("condition", reader.configuration(condition))
    }
}
