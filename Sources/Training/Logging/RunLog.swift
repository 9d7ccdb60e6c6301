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

extension RunLog {
    /// One line of a log as read back.
    public struct Line: Sendable {
        public let step: Int
        public let values: [(key: String, value: Value)]
    }

    /// The lines of a log; a torn last one is left out, any other damage is an error with its line.
    public static func lines(of path: String) throws -> [Line] {
        let bytes = try AtomicFile.read(path)
        var lines: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let place = "\(path):\(lines.count + 1)"
            let members = try JSONField(JSON.parse(Array(rest[..<end]), file: place), in: place).members()
            guard let first = members.first, first.key == "step" else {
                throw InputError("not a log line", at: place, expected: "an object that begins with the step")
            }
            lines.append(
                Line(step: try first.value.int(), values: try members.dropFirst().map { ($0.key, try value($0.value)) })
            )
            rest = rest[(end + 1)...]
        }
        return lines
    }

    /// The values of one key over the steps, lines without it left out; the texts "nan", "inf" and "-inf" are numbers again.
    public static func curve(_ key: String, in lines: [Line]) -> [(step: Int, value: Double)] {
        lines.compactMap { line in
            switch line.values.first(where: { $0.key == key })?.value {
            case .number(let number)?: (line.step, number)
            case .int(let number)?: (line.step, Double(number))
            case .text("nan")?: (line.step, .nan)
            case .text("inf")?: (line.step, .infinity)
            case .text("-inf")?: (line.step, -.infinity)
            default: nil
            }
        }
    }

    private static func value(_ field: JSONField) throws -> Value {
        switch field.json {
        case .bool(let flag): .flag(flag)
        case .int(let number): .int(Int(number))
        case .number(let number): .number(number)
        case .string(let text): .text(text)
        default: throw field.mismatch("a number, a text or a truth value")
        }
    }
}
