import Tensors

/// Compiles the text of a regular expression; what it does not know is refused by name.
struct TextPatternReader {
    private indirect enum Node {
        case set(ScalarSet)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, least: Int, most: Int, isPossessive: Bool)
        case ahead(Node, isNegative: Bool)
        case lineStart
        case lineEnd

        /// Whether it can match nothing.
        var isEmpty: Bool {
            switch self {
            case .set: false
            case .sequence(let nodes): nodes.allSatisfy(\.isEmpty)
            case .choice(let nodes): nodes.contains(where: \.isEmpty)
            case .repeated(let node, let least, _, _): least == 0 || node.isEmpty
            case .ahead, .lineStart, .lineEnd: true
            }
        }
    }

    private static let longestProgram = 10_000
    private static let deepestNesting = 50

    private let text: [Unicode.Scalar]
    private let field: JSONField
    private var at = 0
    private var depth = 0
    private var ignoresCase = false
    private var program: [TextPattern.Instruction] = []

    static func read(_ field: JSONField) throws(InputError) -> TextPattern {
        var reader = TextPatternReader(text: Array(try field.string().unicodeScalars), field: field)
        let whole = try reader.choice()
        guard reader.at == reader.text.count else { throw reader.trouble("a closing parenthesis too many") }
        try reader.emit(whole)
        return TextPattern(program: reader.program + [.match])
    }

    private init(text: [Unicode.Scalar], field: JSONField) {
        (self.text, self.field) = (text, field)
    }

    private func trouble(_ what: String) -> InputError {
        field.error("unsupported regular expression: \(what) at character \(at + 1)", found: field.json.string)
    }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
        guard next == wanted else { return false }
        at += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard text[at...].starts(with: word.unicodeScalars) else { return false }
        at += word.unicodeScalars.count
        return true
    }

    private mutating func nested<T>(_ read: (inout Self) throws(InputError) -> T) throws(InputError) -> T {
        depth += 1
        guard depth <= TextPatternReader.deepestNesting else { throw trouble("nesting too deep") }
        let result = try read(&self)
        depth -= 1
        return result
    }

    private mutating func choice() throws(InputError) -> Node {
        var branches: [Node] = []
        repeat {
            var nodes: [Node] = []
            while let next, next != "|", next != ")" { nodes.append(try repetition()) }
            branches.append(nodes.count == 1 ? nodes[0] : .sequence(nodes))
        } while take("|")
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func repetition() throws(InputError) -> Node {
        var node = try atom()
        while true {
            var bounds: (least: Int, most: Int)?
            if take("*") {
                bounds = (0, .max)
            } else if take("+") {
                bounds = (1, .max)
            } else if take("?") {
                bounds = (0, 1)
            } else if next == "{" {
                bounds = try counts()
            }
            guard let (least, most) = bounds else { return node }
            if next == "?" { throw trouble("lazy repetition") }
            let isCounted = text[at - 1] == "}"
            let isPossessive = !isCounted && take("+")
            switch node {
            case .set: break
            case .repeated: throw trouble("repeated repetition")
            default:
                if isPossessive { throw trouble("possessive repetition of a group") }
                if node.isEmpty { throw trouble("repetition of what can be empty") }
            }
            node = .repeated(node, least: least, most: most, isPossessive: isPossessive)
        }
    }

    /// `{2}`, `{2,}`, `{,3}` or `{2,3}`.
    private mutating func counts() throws(InputError) -> (least: Int, most: Int) {
        let start = at
        at += 1
        let least = number()
        let isRange = take(",")
        let most = isRange ? number() : least
        guard take("}"), least != nil || most != nil, most.map({ $0 >= least ?? 0 }) ?? true else {
            at = start
            throw trouble("a brace that is no repetition")
        }
        return (least ?? 0, most ?? .max)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let next, "0"..."9" ~= next, value ?? 0 < 100_000 {
            value = (value ?? 0) * 10 + Int(next.value - 48)
            at += 1
        }
        return value
    }

    private mutating func atom() throws(InputError) -> Node {
        guard let scalar = next else { throw trouble("an end") }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try nested { reader throws(InputError) in try reader.bracket() })
        case "*", "+", "?": throw trouble("a repetition of nothing")
        default: break
        }
        at += 1
        switch scalar {
        case "^": return .lineStart
        case "$": return .lineEnd
        case ".": return .set(ScalarSet([.range("\n"..."\n")], isNegated: true))
        case "\\": return .set(ScalarSet([try escape()], ignoresCase: ignoresCase))
        default: return .set(ScalarSet(scalar, ignoresCase: ignoresCase))
        }
    }

    private mutating func group() throws(InputError) -> Node {
        at += 1
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var ahead: Bool?
        if take("?") {
            if take("=") {
                ahead = false
            } else if take("!") {
                ahead = true
            } else if take(word: "i:") {
                ignoresCase = true
            } else if take(word: "-i:") {
                ignoresCase = false
            } else if !take(":") {
                throw trouble("this kind of group")
            }
        }
        let inside = try nested { reader throws(InputError) in try reader.choice() }
        guard take(")") else { throw trouble("a parenthesis without its end") }
        if let ahead { return .ahead(inside, isNegative: ahead) }
        // Kept as a group, so that it may be repeated again.
        if case .repeated = inside { return .sequence([inside]) }
        return inside
    }

    /// `[...]`, with ranges, escapes and sets within.
    private mutating func bracket() throws(InputError) -> ScalarSet {
        at += 1
        let isNegated = take("^")
        var members: [ScalarSet.Member] = []
        while !take("]") || members.isEmpty {
            guard let scalar = next else { throw trouble("a bracket without its end") }
            if scalar == "]" || text[at...].starts(with: ["&", "&"]) || text[at...].starts(with: ["[", ":"]) {
                throw trouble("this in brackets")
            }
            if scalar == "[" {
                members.append(.set(try nested { reader throws(InputError) in try reader.bracket() }))
                continue
            }
            let first = try member()
            guard case .range(let low) = first, next == "-", at + 1 < text.count, text[at + 1] != "]" else {
                members.append(first)
                continue
            }
            at += 1
            guard next != "[", case .range(let high) = try member(), low.lowerBound <= high.upperBound else {
                throw trouble("a range without two ends in order")
            }
            members.append(.range(low.lowerBound...high.upperBound))
        }
        return ScalarSet(members, isNegated: isNegated, ignoresCase: ignoresCase)
    }

    private mutating func member() throws(InputError) -> ScalarSet.Member {
        let scalar = text[at]
        at += 1
        return scalar == "\\" ? try escape() : .range(scalar...scalar)
    }

    /// What follows a backslash.
    private mutating func escape() throws(InputError) -> ScalarSet.Member {
        guard let scalar = next else { throw trouble("a backslash at the end") }
        at += 1
        switch scalar {
        case "s": return .space(true)
        case "S": return .space(false)
        case "d": return .digit(true)
        case "D": return .digit(false)
        case "w": return .word(true)
        case "W": return .word(false)
        case "n": return .range("\n"..."\n")
        case "r": return .range("\r"..."\r")
        case "t": return .range("\t"..."\t")
        case "f": return .range("\u{C}"..."\u{C}")
        case "v": return .range("\u{B}"..."\u{B}")
        case "u": return try code(digits: 4)
        case "x":
            guard take("{") else { return try code(digits: 2) }
            let member = try code(digits: 8)
            guard take("}") else { throw trouble("a code point without its end") }
            return member
        case "p", "P": return try category(isWanted: scalar == "p")
        case "a"..."z", "A"..."Z", "0"..."9":
            at -= 1
            throw trouble("\\\(scalar)")
        default: return .range(scalar...scalar)
        }
    }

    private mutating func code(digits: Int) throws(InputError) -> ScalarSet.Member {
        let text = String(String.UnicodeScalarView(text[at...].prefix(digits).prefix { $0.properties.isASCIIHexDigit }))
        guard let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value), text.utf8.count == digits || digits == 8
        else { throw trouble("a wrong code point") }
        at += text.utf8.count
        return .range(scalar...scalar)
    }

    private mutating func category(isWanted: Bool) throws(InputError) -> ScalarSet.Member {
        guard take("{"), let end = text[at...].firstIndex(of: "}") else { throw trouble("a property without a name") }
        let isInverted = take("^")
        guard let list = ScalarSet.categories(named: String(String.UnicodeScalarView(text[at..<end]))) else {
            throw trouble("this property")
        }
        at = end + 1
        return .categories(list, isWanted != isInverted)
    }
}

extension TextPatternReader {
    private mutating func emit(_ node: Node) throws(InputError) {
        guard program.count < TextPatternReader.longestProgram else { throw trouble("too long a pattern") }
        switch node {
        case .set(let set): program.append(.one(set))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .lineStart: program.append(.lineStart)
        case .lineEnd: program.append(.lineEnd)
        case .ahead(let node, let isNegative):
            let place = program.count
            program.append(.match)
            try emit(node)
            program.append(.match)
            program[place] = .look(end: program.count, isNegative: isNegative)
        case .choice(let nodes):
            var jumps: [Int] = []
            for (index, node) in nodes.enumerated() {
                let fork = program.count
                let isLast = index == nodes.count - 1
                if !isLast { program.append(.match) }
                try emit(node)
                if isLast { break }
                jumps.append(program.count)
                program.append(.match)
                program[fork] = .fork(fork + 1, program.count)
            }
            for jump in jumps { program[jump] = .jump(program.count) }
        case .repeated(.set(let set), let least, let most, let isPossessive):
            program.append(.run(set, least: least, most: most, isPossessive: isPossessive))
        case .repeated(let node, let least, let most, _):
            for _ in 0..<least { try emit(node) }
            guard most < .max else {
                let fork = program.count
                program.append(.match)
                try emit(node)
                program.append(.jump(fork))
                program[fork] = .fork(fork + 1, program.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<most {
                forks.append(program.count)
                program.append(.match)
                try emit(node)
            }
            for fork in forks { program[fork] = .fork(fork + 1, program.count) }
        }
    }
}
