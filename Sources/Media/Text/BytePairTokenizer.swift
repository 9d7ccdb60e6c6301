import Tensors

/// Byte-pair encoding, over bytes or over characters with bytes to fall back on: GPT-2, BART, Llama.
///
/// Over bytes (Radford et al. 2019, section 2.2) it spells any text, and gives it back unchanged.
public struct BytePairTokenizer: PipelineTokenizer {
    public let pipeline: TokenPipeline

    /// Reads a `tokenizer.json` whose model is BPE.
    public init(_ json: JSON, file: String) throws(InputError) {
        pipeline = try TokenPipeline(json, file: file, models: ["BPE"])
    }

    public init(_ path: String) throws(InputError) {
        try self.init(JSON.read(path), file: path)
    }

    /// Learns a vocabulary from texts; the same texts in any order give the same one.
    ///
    /// Ids are the special tokens, the 256 bytes, then the merges as learnt. When no pair of tokens occurs
    /// twice any more, the vocabulary stays smaller than asked.
    ///
    /// - Parameters:
    ///   - vocabularySize: ids in all, special tokens and bytes included.
    ///   - specials: never made by a merge; where they occur in the texts, they are passed over.
    public static func trained(
        on texts: [String], vocabularySize: Int, specials: [String] = ["<pad>", "<unk>", "<s>", "</s>"]
    ) throws(InputError) -> BytePairTokenizer {
        let least = specials.count + 256
        guard (least..<Vocabulary.idLimit).contains(vocabularySize) else {
            throw InputError(
                "the vocabulary size is out of range",
                expected: "at least \(least): \(specials.count) special tokens and 256 bytes",
                found: "\(vocabularySize)")
        }
        let first = try BytePairTokenizer(
            definition(specials, BytePairTrainer(counts: [:], size: 256, reserved: [])), file: "specials")
        var counts: [[UInt8]: Int] = [:]
        for text in texts {
            for part in first.pipeline.added.parts(of: Array(text.unicodeScalars)[...], isNormalized: false) {
                guard case .text(let plain) = part else { continue }
                for word in ByteLevelPreTokenizer.split(plain) {
                    counts[word.flatMap { UTF8.encode($0)! }, default: 0] += 1
                }
            }
        }
        // A merge is entered by its characters in the byte alphabet, which is where it could meet a special
        // token.
        let reserved = Set(specials.map { ByteAlphabet.bytes(of: $0) })
        let trainer = BytePairTrainer(
            counts: counts, size: vocabularySize - specials.count, reserved: reserved)
        return try BytePairTokenizer(definition(specials, trainer), file: "trained tokenizer")
    }

    private static func definition(_ specials: [String], _ trainer: BytePairTrainer) -> JSON {
        let tokens = trainer.tokens.map { ByteAlphabet.text(of: $0) }
        let names = specials + tokens
        let unknown = specials.first { $0 == "<unk>" || $0 == "[UNK]" }
        return [
            "version": "1.0", "truncation": nil, "padding": nil,
            "added_tokens": .array(
                specials.enumerated().map { id, content in
                    [
                        "id": JSON(id), "content": JSON(content), "single_word": false, "lstrip": false,
                        "rstrip": false,
                        "normalized": false, "special": true,
                    ]
                }),
            "normalizer": nil,
            "pre_tokenizer": [
                "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
            ],
            "post_processor": nil,
            "decoder": [
                "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
            ],
            "model": [
                "type": "BPE", "dropout": nil, "unk_token": unknown.map { JSON($0) } ?? nil,
                "continuing_subword_prefix": nil,
                "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                "vocab": .object(names.enumerated().map { (key: $1, value: JSON($0)) }),
                "merges": .array(trainer.merges.map { [JSON(tokens[$0.0]), JSON(tokens[$0.1])] }),
            ],
        ]
    }
}
