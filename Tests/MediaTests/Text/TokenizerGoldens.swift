import Tensors

/// What pip's tokenizers package made of some texts; `make_tokenizers.py` in the same folder wrote it.
struct TokenizerGolden {
    struct Case {
        let text: String
        let ids: [Int32]
        let plain: [Int32]
        let decoded: String
        let kept: String
    }

    let tokenizer: JSON
    let cases: [Case]

    static let names = [
        "wordpiece-uncased", "wordpiece-cased", "wordpiece-accents", "bytepair", "bytepair-prefix",
        "bytepair-suffix", "learned",
    ]

    static let folder =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Goldens/Text"

    init(_ name: String) throws {
        let path = "\(TokenizerGolden.folder)/\(name).json"
        let root = try JSONField(JSON.read(path), in: path)
        tokenizer = try root.field("tokenizer").json
        cases = try root.field("cases").elements().map { field in
            Case(
                text: try field.field("text").string(),
                ids: try field.field("ids").elements().map { Int32(try $0.int()) },
                plain: try field.field("plain").elements().map { Int32(try $0.int()) },
                decoded: try field.field("decoded").string(), kept: try field.field("kept").string())
        }
    }
}

/// Strings compared scalar by scalar: `==` would call two spellings of an accent equal.
func scalars(_ text: String) -> [UInt32] {
    text.unicodeScalars.map(\.value)
}
