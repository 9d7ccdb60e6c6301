/// Which part a text belongs to, told by its own characters: equal texts are never in both.
enum SentenceSplit {
    /// - Parameter heldOut: share of the texts that training never sees.
    static func split(of text: String, heldOut: Double) -> Split {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        // A few more rounds: texts that differ in their last letter shall not fall side by side.
        var generator = KeyedGenerator(hash)
        return generator.uniform() < heldOut ? .heldOut : .train
    }
}
