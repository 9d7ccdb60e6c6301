import Tensors

/// The kinds of steps that a `tokenizer.json` may name.
extension TokenPipeline {
    package static func normalizer(_ field: JSONField) throws(InputError) -> any TextNormalizer {
        let type = try field.field("type")
        switch try type.string() {
        case "BertNormalizer":
            let lowercases = try field.optional("lowercase")?.bool() ?? true
            return BertNormalizer(
                cleansText: try field.optional("clean_text")?.bool() ?? true,
                spacesChinese: try field.optional("handle_chinese_chars")?.bool() ?? true,
                stripsAccents: try field.optional("strip_accents")?.bool() ?? lowercases,
                lowercases: lowercases)
        case "ByteLevel": return ByteLevelNormalizer()
        case "Lowercase": return LowercaseNormalizer()
        case "NFC": return UnicodeNormalizer(composes: true, isCompatible: false)
        case "NFD": return UnicodeNormalizer(composes: false, isCompatible: false)
        case "NFKC": return UnicodeNormalizer(composes: true, isCompatible: true)
        case "NFKD": return UnicodeNormalizer(composes: false, isCompatible: true)
        case "Nmt": return NmtNormalizer()
        case "Precompiled": return try CharacterMap(field.field("precompiled_charsmap"))
        case "Prepend": return PrependNormalizer(prefix: Array(try field.field("prepend").string().unicodeScalars))
        case "Replace":
            return ReplaceNormalizer(
                pattern: try TextPattern(field.field("pattern")),
                replacement: Array(try field.field("content").string().unicodeScalars))
        case "Strip":
            return StripNormalizer(
                atStart: try field.field("strip_left").bool(), atEnd: try field.field("strip_right").bool())
        case "StripAccents": return StripAccentsNormalizer()
        case "Sequence":
            var steps: [any TextNormalizer] = []
            for step in try field.field("normalizers").elements() { steps.append(try normalizer(step)) }
            return NormalizerSequence(steps: steps)
        default:
            throw unsupported(
                "normalizer", type,
                """
                BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Strip, \
                StripAccents, Sequence
                """)
        }
    }

    package static func preTokenizer(_ field: JSONField) throws(InputError) -> any PreTokenizer {
        let type = try field.field("type")
        switch try type.string() {
        case "BertPreTokenizer": return BertPreTokenizer()
        case "ByteLevel":
            return ByteLevelPreTokenizer(
                addsPrefixSpace: try field.optional("add_prefix_space")?.bool() ?? true,
                splits: try field.optional("use_regex")?.bool() ?? true)
        case "CharDelimiterSplit": return KindPreTokenizer.delimiter(try scalar(field.field("delimiter")))
        case "Digits": return KindPreTokenizer.numbers(individually: try field.field("individual_digits").bool())
        case "Metaspace":
            return MetaspacePreTokenizer(
                sign: try scalar(field.field("replacement")), prefix: try metaspacePrefix(field),
                splits: try field.optional("split")?.bool() ?? true)
        case "Punctuation":
            return KindPreTokenizer.punctuation(try field.optional("behavior").map(behavior) ?? .isolated)
        case "Split":
            return SplitPreTokenizer(
                pattern: try TextPattern(field.field("pattern")), behavior: try behavior(field.field("behavior")),
                isInverted: try field.field("invert").bool())
        case "Whitespace": return WhitespacePreTokenizer()
        case "WhitespaceSplit": return WhitespaceSplitPreTokenizer()
        case "Sequence":
            var steps: [any PreTokenizer] = []
            for step in try field.field("pretokenizers").elements() { steps.append(try preTokenizer(step)) }
            return PreTokenizerSequence(steps: steps)
        default:
            throw unsupported(
                "pre-tokenizer", type,
                """
                BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Split, Whitespace, \
                WhitespaceSplit, Sequence
                """)
        }
    }

    package static func decoder(_ field: JSONField) throws(InputError) -> any TokenDecoder {
        let type = try field.field("type")
        switch try type.string() {
        case "BPEDecoder": return SuffixDecoder(suffix: try field.optional("suffix")?.string() ?? "</w>")
        case "ByteFallback": return ByteFallbackDecoder()
        case "ByteLevel": return ByteLevelDecoder()
        case "Fuse": return FuseDecoder()
        case "Metaspace":
            return MetaspaceDecoder(
                sign: try scalar(field.field("replacement")), dropsFirst: try metaspacePrefix(field) != .never)
        case "Replace":
            return ReplaceDecoder(
                pattern: try TextPattern(field.field("pattern")),
                replacement: Array(try field.field("content").string().unicodeScalars))
        case "Strip":
            return StripDecoder(
                sign: try scalar(field.field("content")), start: try field.field("start").int(in: 0...Int.max),
                stop: try field.field("stop").int(in: 0...Int.max))
        case "WordPiece":
            return WordPieceDecoder(
                prefix: try field.optional("prefix")?.string() ?? "##",
                cleansUp: try field.optional("cleanup")?.bool() ?? true)
        case "Sequence":
            var steps: [any TokenDecoder] = []
            for step in try field.field("decoders").elements() { steps.append(try decoder(step)) }
            return DecoderSequence(steps: steps)
        default:
            throw unsupported(
                "decoder", type,
                "BPEDecoder, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Strip, WordPiece, Sequence")
        }
    }

    /// `prepend_scheme`, or in older files `add_prefix_space`.
    private static func metaspacePrefix(_ field: JSONField) throws(InputError) -> MetaspacePreTokenizer.Prefix {
        let adds = try field.optional("add_prefix_space")
        guard let scheme = try field.optional("prepend_scheme") else { return try adds?.bool() == false ? .never : .always }
        let known = MetaspacePreTokenizer.Prefix.allCases
        let prefix = MetaspacePreTokenizer.Prefix(rawValue: try scheme.string(oneOf: known.map(\.rawValue)))!
        if let adds, try !adds.bool(), prefix != .never {
            throw adds.error("contradicts prepend_scheme", expected: "true or left out", found: "false")
        }
        return prefix
    }

    private static func behavior(_ field: JSONField) throws(InputError) -> SplitBehavior {
        SplitBehavior(rawValue: try field.string(oneOf: SplitBehavior.allCases.map(\.rawValue)))!
    }

    private static func scalar(_ field: JSONField) throws(InputError) -> Unicode.Scalar {
        let scalars = try field.string().unicodeScalars
        guard scalars.count == 1, let scalar = scalars.first else { throw field.mismatch("one character") }
        return scalar
    }

    private static func unsupported(_ part: String, _ type: JSONField, _ known: String) -> InputError {
        type.error("unsupported \(part)", expected: known, found: type.json.string)
    }
}
