import Systems

/// Do captions fit into what a model's text encoder reads? Cut ones train a model that never hears how its sentences end.
struct CaptionFit {
    /// Tokens of each caption.
    private let counts: [Int]
    /// Tokens the encoder reads.
    private let length: Int

    init(_ captions: [String], _ reader: any TextReader) {
        counts = captions.map(reader.tokenCount)
        length = reader.length
    }

    /// One line for the person who starts a run; nil when all fit.
    var warning: String? {
        let cut = counts.count { $0 > length }
        guard cut > 0, let longest = counts.max() else { return nil }
        return
            "warning: \(cut) of \(counts.count) captions are longer than the \(length) tokens that are read, up to \(longest), "
            + "and are cut; raise the length or the vocabulary"
    }
}
