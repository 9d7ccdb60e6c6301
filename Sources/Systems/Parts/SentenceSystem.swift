import Media

/// A system that restores the tokens of sentences at their places: what they all do alike.
protocol SentenceSystem: GenerativeSystem, ReadingSystem, DenoisingSystem {
    var ground: SentenceGround { get }
    /// Which of several sentences is said.
    var choice: CandidateChoice { get }
}

extension SentenceSystem {
    var choice: CandidateChoice { CandidateChoice() }
    public var medium: Medium { .text }
    public var form: MediaForm { .text(ground.form) }
    public func writeParts(to folder: String) throws {
        try ModelTokenizer.write(ground.form.tokenizer, to: folder)
        try choice.write(to: folder)
    }
}
