import TestKit
import Tensors
import Testing

/// `Tests/Goldens/text_metrics.json`.
enum TextGolden {
    private static let root = Result {
        let path = Goldens.path("text_metrics.json")
        return JSONField(try JSON.read(path), in: path)
    }

    static func field(_ key: String) throws -> JSONField { try root.get().field(key) }

    static func hypotheses() throws -> [String] { try field("segments").elements().map { try $0.elements()[0].string() } }

    static func references() throws -> [[String]] { try field("segments").elements().map { try $0.elements()[1].strings() } }

    /// The first reference of every segment, or all, as the case says.
    static func references(of golden: JSONField) throws -> [[String]] {
        let all = try references()
        return try golden.field("references").string() == "one" ? all.map { [$0[0]] } : all
    }
}

extension JSONField {
    func strings() throws -> [String] { try elements().map { try $0.string() } }
    func numbers() throws -> [Double] { try elements().map { try $0.number() } }
    func numbers(_ keys: [String]) throws -> [Double] { try keys.map { try field($0).number() } }
}

/// All numbers within `bound` of a peer's; the worst is named.
func expectClose(
    _ found: [Double], _ expected: [Double], within bound: Double = 1e-8, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.count == expected.count, !found.isEmpty else {
        Issue.record("\(comment) \(found.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    // Not a number is as far as can be.
    func distance(_ i: Int) -> Double { found[i] == expected[i] ? 0 : found[i].isNaN ? .infinity : abs(found[i] - expected[i]) }
    let worst = found.indices.max { distance($0) < distance($1) }!
    #expect(
        distance(worst) <= bound, "\(comment) element \(worst): \(found[worst]), expected \(expected[worst])",
        sourceLocation: sourceLocation)
}

/// Texts whose scalars are named where they differ: `==` calls two spellings of an accent equal.
func shown(_ words: [[Unicode.Scalar]]) -> String {
    words.map { $0.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined() }.joined(separator: " ")
}
