/// A strict reader of RFC 8259: UTF-8 only, no duplicate keys, no trailing text, nesting up to 128.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private var at = 0
    private var depth = 0

    /// serde_json's limit too; keeps recursion within any thread's stack.
    private static let depthLimit = 128

    static func document(_ raw: UnsafeRawBufferPointer, file: String) throws(InputError) -> JSON {
        var reader = JSONReader(bytes: raw.bindMemory(to: UInt8.self), file: file)
        if let bad = firstInvalidUTF8(reader.bytes) {
            throw reader.error("the text is not valid UTF-8", at: bad)
        }
        if raw.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw reader.error("the text starts with a byte-order mark")
        }
        reader.skipSpace()
        let json = try reader.value()
        reader.skipSpace()
        guard reader.at == reader.bytes.count else {
            throw reader.error("text after the end of the document", found: reader.here())
        }
        return json
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func value() throws(InputError) -> JSON {
        guard let byte = peek() else { throw error("the text ends early", expected: "a value") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { reader throws(InputError) in try reader.object() }
        case UInt8(ascii: "["): return try nested { reader throws(InputError) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw error("unexpected character", expected: "a value", found: here())
        }
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(InputError) -> JSON
    ) throws(InputError) -> JSON {
        depth += 1
        guard depth <= JSONReader.depthLimit else {
            throw error("nested deeper than \(JSONReader.depthLimit) levels")
        }
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func object() throws(InputError) -> JSON {
        at += 1
        var members: [(key: String, value: JSON)] = []
        var seen = Set<ExactString>()
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            let start = at
            let key = try string()
            // A set costs more than it saves on the small objects that most are.
            if members.count == 8 { seen = Set(members.map { ExactString($0.key) }) }
            let fresh =
                members.count < 8
                ? !members.contains { $0.key.utf8.elementsEqual(key.utf8) }
                : seen.insert(ExactString(key)).inserted
            guard fresh else { throw error("the key \(JSON.string(key).encoded()) occurs twice", at: start) }
            skipSpace()
            guard take(":") else { throw unexpected("':'") }
            skipSpace()
            members.append((key, try value()))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw unexpected("',' or '}'") }
            skipSpace()
        }
    }

    private mutating func array() throws(InputError) -> JSON {
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value())
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw unexpected("',' or ']'") }
            skipSpace()
        }
    }

    private mutating func string() throws(InputError) -> String {
        let opening = at
        at += 1
        var start = at
        var text: [UInt8]?
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                let run = UnsafeBufferPointer(rebasing: bytes[start..<at])
                at += 1
                guard var text else { return String(decoding: run, as: UTF8.self) }
                text += run
                return String(decoding: text, as: UTF8.self)
            }
            guard byte >= 0x20 else {
                throw error("a control character inside a string", found: here(), hint: "escape it")
            }
            guard byte == UInt8(ascii: "\\") else {
                at += 1
                continue
            }
            var grown = text ?? []
            text = nil
            grown += bytes[start..<at]
            at += 1
            try escape(into: &grown)
            text = grown
            start = at
        }
        throw error("a string has no closing quote", at: opening)
    }

    private mutating func escape(into text: inout [UInt8]) throws(InputError) {
        guard let letter = peek() else { throw error("the text ends inside an escape") }
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let start = at - 2
            var code = UInt32(try hexadecimal())
            if 0xD800..<0xDC00 ~= code {
                guard take("\\"), take("u") else { throw error("half a surrogate pair", at: start) }
                let low = UInt32(try hexadecimal())
                guard 0xDC00..<0xE000 ~= low else { throw error("half a surrogate pair", at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair", at: start) }
            text += UTF8.encode(scalar)!
        default:
            at -= 1
            throw error("unknown escape", expected: #"one of \" \\ \/ \b \f \n \r \t \u"#, found: here())
        }
    }

    private mutating func hexadecimal() throws(InputError) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits")
            }
            code = code << 4 | UInt16(digit)
            at += 1
        }
        return code
    }

    private mutating func number() throws(InputError) -> JSON {
        let start = at
        let negative = take("-")
        var value: Int64? = 0
        let whole = at
        while let digit = digit() {
            if let known = value {
                let (tens, over1) = known.multipliedReportingOverflow(by: 10)
                let (sum, over2) =
                    negative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
                value = over1 || over2 ? nil : sum
            }
            at += 1
        }
        guard at > whole else { throw unexpected("a digit") }
        guard bytes[whole] != UInt8(ascii: "0") || at == whole + 1 else {
            throw error("a number starts with a needless zero", at: start)
        }
        var integral = true
        if take(".") {
            integral = false
            try digits()
        }
        if take("e") || take("E") {
            integral = false
            _ = take("+") || take("-")
            try digits()
        }
        // -0 is kept as a number, so that its sign survives.
        if integral, let value, !(negative && value == 0) { return .int(value) }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            throw error("the number is out of range", at: start, found: String(text.prefix(40)))
        }
        return .number(number)
    }

    private mutating func digits() throws(InputError) {
        guard digit() != nil else { throw unexpected("a digit") }
        while digit() != nil { at += 1 }
    }

    private func digit() -> Int64? {
        guard let byte = peek(), byte &- 0x30 < 10 else { return nil }
        return Int64(byte - 0x30)
    }

    private mutating func word(_ word: StaticString, _ json: JSON) throws(InputError) -> JSON {
        let end = at + word.utf8CodeUnitCount
        let same =
            end <= bytes.count
            && (0..<word.utf8CodeUnitCount).allSatisfy { bytes[at + $0] == word.utf8Start[$0] }
        guard same else {
            throw error("unknown word", expected: "true, false, null or a value in quotes", found: here())
        }
        at = end
        return json
    }

    @inline(__always)
    private func peek() -> UInt8? {
        at < bytes.count ? bytes[at] : nil
    }

    @inline(__always)
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    @inline(__always)
    private mutating func skipSpace() {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at += 1
        }
    }

    private func unexpected(_ expected: String) -> InputError {
        at < bytes.count
            ? error("unexpected character", expected: expected, found: here())
            : error("the text ends early", expected: expected)
    }

    /// The character at the cursor, for messages.
    private func here() -> String? {
        guard at < bytes.count else { return "the end" }
        if bytes[at] < 0x20 { return "byte \(bytes[at])" }
        return String(decoding: bytes[at...].prefix(4), as: UTF8.self).first.map { "'\($0)'" }
    }

    private func error(
        _ what: String, at position: Int? = nil, expected: String? = nil, found: String? = nil,
        hint: String? = nil
    ) -> InputError {
        let before = bytes[..<min(position ?? at, bytes.count)]
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        // Columns count characters, not the continuation bytes of UTF-8.
        let column = before[lineStart...].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return InputError(what, at: "\(file):\(line):\(column)", expected: expected, found: found, hint: hint)
    }
}

/// Where `bytes` stop being UTF-8, if they do (Unicode 3.9, table 3-7).
private func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    var i = 0
    while i < bytes.count {
        if i + 8 <= bytes.count,
            raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            i += 8
            continue
        }
        let lead = bytes[i]
        if lead < 0x80 {
            i += 1
            continue
        }
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return i
        }
        guard i + length <= bytes.count, second.contains(bytes[i + 1]),
            bytes[(i + 2)..<(i + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { return i }
        i += length
    }
    return nil
}
