import Tensors

/// The run's own record: `log.jsonl`, one object a line, first the step. It is the truth; other trackers are copies.
///
///     {"step": 200, "loss": 0.1342, "seconds": 12.5}
///
/// A run that resumes after step N drops the lines beyond N and a torn last one.
public final class RunLog {
    public enum Value: Equatable, Sendable {
        case number(Double)
        case int(Int)
        case text(String)
        case flag(Bool)
    }

    public let path: String
    private let file: AppendFile

    /// - Parameter step: the last step that stands; 0 begins anew.
    public init(path: String, after step: Int = 0) throws {
        self.path = path
        file = try AppendFile(path: path)
        try file.truncate(to: Self.length(of: file.contents(), through: step))
    }

    /// Appends one line. NaN and infinity, which JSON lacks, become the texts "nan", "inf" and "-inf".
    public func write(step: Int, _ values: [(key: String, value: Value)]) throws {
        let members = ["\"step\": \(step)"] + values.map { "\(Self.quoted($0.key)): \(Self.text($0.value))" }
        try file.append(Array("{\(members.joined(separator: ", "))}\n".utf8))
    }

    public func write(step: Int, numbers: [(key: String, value: Double)]) throws {
        try write(step: step, numbers.map { ($0.key, .number($0.value)) })
    }

    /// Waits until the disk has everything.
    public func flush() throws { try file.sync() }

    /// Bytes of the whole lines whose step is at most `step`; steps never fall from line to line.
    static func length(of bytes: [UInt8], through step: Int) -> Int {
        var good = 0
        while let end = bytes[good...].firstIndex(of: UInt8(ascii: "\n")) {
            guard let found = stepOf(bytes[good..<end]), found <= step else { break }
            good = end + 1
        }
        return good
    }

    private static func stepOf(_ line: ArraySlice<UInt8>) -> Int? {
        let opening = Array("{\"step\": ".utf8)
        guard line.starts(with: opening), line.last == UInt8(ascii: "}") else { return nil }
        let digits = line.dropFirst(opening.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .number(let number) where number.isNaN: "\"nan\""
        case .number(let number): number.isFinite ? "\(number)" : "\"\(number)\""
        case .int(let number): "\(number)"
        case .text(let text): quoted(text)
        case .flag(let flag): "\(flag)"
        }
    }

    private static func quoted(_ text: String) -> String { ConfigurationValue(.string(text)).json() }
}
