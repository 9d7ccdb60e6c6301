import Tensors

/// A network that says one token after another of what it listens to, remembering what it has worked out. Not differentiable: training
/// gives a network whole sentences at once.
public protocol SequenceDecoder {
    /// V, the tokens that it may say.
    var vocabulary: Int { get }
    /// The longest sentence, its beginning counted; nil where any length will do.
    var longest: Int? { get }

    /// What all steps share, worked out once.
    ///
    ///     states: [B, M, C], mask: [B, M] with 1 to keep
    func memory(of states: Tensor, mask: Tensor?) -> DecoderMemory

    /// What comes after the last of `ids`, which follow those that `memory` holds and are remembered with them.
    ///
    ///     ids: [R, n] for the R rows of the memory
    ///     returns [R, V]
    func logits(after ids: Tokens, _ memory: DecoderMemory) -> Tensor
}

/// The keys and values of a decoder's blocks: of what it has said, which grow, and of what it listens to, which stay.
public final class DecoderMemory {
    /// For each block: `[R, n, ...]` so far.
    public let said: [GrowingTensor]
    /// For each block, or for all of them together: `[R, M, ...]`.
    public private(set) var heard: [Tensor]
    /// `[R, M]`, 1 to keep.
    public private(set) var mask: Tensor?
    /// Tokens so far.
    public private(set) var count = 0
    /// Which of the first rows each row listens to.
    private var sources: [Int]

    /// - Parameters:
    ///   - rows: R, as many as the states have.
    ///   - blocks: as many as `heard` has tensors when nil.
    public init(rows: Int, blocks: Int? = nil, heard: [Tensor], mask: Tensor?) {
        require(
            heard.allSatisfy { $0.shape[0] == rows } && mask.map { $0.rank == 2 && $0.shape[0] == rows } ?? true,
            "DecoderMemory: \(heard.map(\.shape)) and mask \(mask?.shape ?? []) for \(rows) rows")
        said = (0..<(blocks ?? heard.count)).map { _ in GrowingTensor() }
        self.heard = heard
        self.mask = mask
        sources = Array(0..<rows)
    }

    public var rows: Int { sources.count }

    /// To be called once all blocks have taken in `n` more tokens.
    public func advance(by n: Int) { count += n }

    /// Row i goes on as row `rows[i]` was, any number of times or not at all.
    public func reorder(_ rows: [Int]) {
        require(rows.allSatisfy { sources.indices ~= $0 }, "DecoderMemory: a row of \(rows) is outside \(sources.indices)")
        for kept in said { kept.reorder(rows) }
        let next = rows.map { sources[$0] }
        if next != sources {  // Among the beams of one source nothing that is heard changes.
            heard = heard.map { $0.gathered(0, rows) }
            mask = mask?.gathered(0, rows)
        }
        sources = next
    }
}

/// Tokens that mean something to a decoder, as published configurations number them.
public struct SpecialTokens: Sendable, Equatable {
    /// What a decoder is given first.
    public var start: Int32
    /// Each of them ends a sentence.
    public var ends: [Int32]
    public var padding: Int32

    public init(start: Int32, ends: [Int32], padding: Int32) {
        (self.start, self.ends, self.padding) = (start, ends, padding)
    }

    /// What a decoder is given to learn to say `targets`: the start, then all of them but the last.
    ///
    ///     targets: [B, N], negative where nothing is asked
    ///     returns [B, N]
    public func shifted(_ targets: Tokens) -> Tokens {
        require(targets.shape.count == 2, "SpecialTokens: targets \(targets.shape)")
        let N = targets.shape[1]
        let values = targets.values.indices.map { i in
            i % N == 0 ? start : targets.values[i - 1] < 0 ? padding : targets.values[i - 1]
        }
        return Tokens(values, targets.shape)
    }

    /// Reads them from a published `config.json`; those that are absent stay.
    mutating func read(_ json: JSONField, vocabulary: Int) throws(InputError) {
        func token(_ field: JSONField) throws(InputError) -> Int32 { Int32(try field.int(in: 0...vocabulary - 1)) }
        if let field = try json.optional("pad_token_id") { padding = try token(field) }
        if let field = try json.optional("decoder_start_token_id") { start = try token(field) }
        if let field = try json.optional("eos_token_id") {
            if case .array = field.json {
                var tokens: [Int32] = []
                for element in try field.elements() { tokens.append(try token(element)) }
                ends = tokens
            } else {
                ends = [try token(field)]
            }
        }
    }
}
