extension ConfigurationValue {
    /// What an unquoted scalar means: the core schema of YAML 1.2, with `_` between digits and `1.` and `1e-4` as numbers.
    ///
    /// `yes`, `no`, `on`, `off`, `0x10` and `1:30` are texts. An integer beyond 64 bits is a text too, so no digit is lost.
    public static func plainScalar(_ text: String) -> Content {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: return numeral(text) ?? .string(text)
        }
    }

    private static func numeral(_ text: String) -> Content? {
        var bytes = Array(text.utf8)[...]
        var plain: [UInt8] = []
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            plain.append(sign)
            bytes.removeFirst()
        }
        /// Digits with single underscores inside; false where the underscores are misplaced.
        func digits() -> (count: Int, valid: Bool) {
            var count = 0
            var underscore = false
            while let byte = bytes.first {
                if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                    plain.append(byte)
                    count += 1
                    underscore = false
                } else if byte == UInt8(ascii: "_"), count > 0, !underscore {
                    underscore = true
                } else {
                    break
                }
                bytes.removeFirst()
            }
            return (count, !underscore)
        }
        let whole = digits()
        guard whole.valid else { return nil }
        var isInteger = true
        var fraction = 0
        if bytes.first == UInt8(ascii: ".") {
            isInteger = false
            bytes.removeFirst()
            if whole.count == 0 { plain.append(UInt8(ascii: "0")) }
            plain.append(UInt8(ascii: "."))
            let decimals = digits()
            guard decimals.valid else { return nil }
            fraction = decimals.count
            if fraction == 0 { plain.append(UInt8(ascii: "0")) }
        }
        guard whole.count + fraction > 0 else { return nil }
        if let letter = bytes.first, letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") {
            isInteger = false
            plain.append(letter)
            bytes.removeFirst()
            if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                plain.append(sign)
                bytes.removeFirst()
            }
            let exponent = digits()
            guard exponent.valid, exponent.count > 0 else { return nil }
        }
        guard bytes.isEmpty else { return nil }
        let spelled = String(decoding: plain, as: UTF8.self)
        return isInteger ? Int(spelled).map(Content.int) : Double(spelled).map(Content.number)
    }
}
