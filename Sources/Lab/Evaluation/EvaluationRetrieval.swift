import Metrics
import Systems
import Tensors

extension Evaluation {
    /// How often a caption is nearest to what it speaks of among `count` examples, and the other way round: recall at 1 (Radford et al. 2021,
    /// section 3.1). Examples of one caption are one another's right answers.
    func retrieval(_ loaded: ModelDirectory.Loaded) throws -> [Result] {
        guard let system = loaded.system as? any MatchingSystem else {
            throw InputError("this model does not match media with captions", at: model, found: type(of: loaded.system).name)
        }
        let dataset = try DataSection.named(kind, split: split)
        let total = min(count, dataset.count)
        var captions: [String] = []
        var (seen, read): ([Tensor], [Tensor]) = ([], [])
        for rows in pieces(total, of: 32) {
            let examples = try rows.map { try dataset.example($0, epoch: 0) }
            let media = try loaded.system.form.media(of: examples, from: rows.lowerBound)
            let words = examples.map { $0.caption ?? "" }
            seen.append(withoutGradients { system.seen(media) })
            read.append(withoutGradients { system.read(words) })
            captions += words
        }
        let cosines = matmul(concatenated(seen, axis: 0), concatenated(read, axis: 0).transposed())  // [media, captions]
        func result(_ name: String, _ table: Tensor, _ whose: String) -> Result {
            let right = table.argmax(1).values.enumerated().count { captions[$0] == captions[Int($1)] }
            return Result(
                name: name, value: Double(right) / Double(total), text: "\(right) of \(total) \(split) \(whose)")
        }
        return [
            result("caption-of-media", cosines, "examples nearest to their own caption"),
            result("media-of-caption", cosines.transposed().contiguous(), "captions nearest to their own example"),
        ]
    }
}
