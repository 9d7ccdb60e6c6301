import Media
import Tensors

/// Tokenizers of the kinds that published models have; `make_pipelines.py` in the folder of goldens wrote them.
struct PipelineGolden {
    static let names = [
        "t5", "mt5", "unigram-bytes", "albert", "llama", "mistral", "bart", "llama3", "clip", "continued",
    ]

    let tokenizer: JSON
    /// For each text how many ids it has, and hashes of these and of what they decode to.
    let results: [String]

    init(_ name: String) throws {
        let path = "\(TokenizerGolden.folder)/pipelines/\(name).json"
        let root = try JSONField(JSON.read(path), in: path)
        tokenizer = try PipelineGolden.withMap(root.field("tokenizer").json)
        results = try root.field("results").elements().map { try $0.string() }
    }

    /// What `results` say of a text.
    static func result(of text: String, by tokenizer: any Tokenizer) -> String {
        let ids = tokenizer.encode(text)
        let decoded = tokenizer.decode(ids) + "\0" + tokenizer.decode(ids, keepingSpecials: true)
        func hash(_ text: String) -> Substring { SHA256.hex(text).prefix(8) }
        return "\(ids.count) \(hash(ids.map { "\($0) " }.joined())) \(hash(decoded))"
    }

    static func texts() throws -> [String] {
        let path = TokenizerGolden.folder + "/texts.json"
        return try JSONField(JSON.read(path), in: path).elements().map { try $0.string() }
    }

    /// SentencePiece's table `nmt_nfkc` in base64; its bytes lie in the pixels of a picture.
    static let map = Result { () throws -> String in
        let bytes = try Picture.read(TokenizerGolden.folder + "/charsmap.png").pixels
        return base64(bytes)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let group = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for place in 0..<4 {
                text.append(place <= part.count ? alphabet[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `json` with the table where it is named.
    static func withMap(_ json: JSON) throws -> JSON {
        switch json {
        case .string("charsmap.png"): return .string(try map.get())
        case .array(let elements): return .array(try elements.map(withMap))
        case .object(let members): return .object(try members.map { ($0.key, try withMap($0.value)) })
        default: return json
        }
    }
}
