import Diffusion
import Networks
import Tensors

// A Transformer that sees all tokens, asked so that what it says of a token does not depend on that token (Sun et al. 2023,
// arXiv 2211.16750, section 4.2). It takes many passes, which only short sequences can afford.

/// Hides one token at a time: N passes.
///
///     x: [B, N]
///     returns [B, N, K]
public final class MaskedForm: Module, TokenNetwork {
    let network: TokenTransformer

    public init(_ c: TokenTransformerConfiguration) {
        network = TokenTransformer(c)
        super.init()
    }

    /// Passes for one sequence.
    public static func passes(_ c: TokenTransformerConfiguration) -> Int { c.tokens }

    public var configuration: TokenTransformerConfiguration { network.configuration }
    public var nullText: Parameter? { network.nullText }

    public func callAsFunction(
        _ x: Tokens, t: [Float], classes labels: [Int]? = nil, text: EncodedText? = nil, scope: RunScope? = nil
    ) -> Tensor {
        check(x, t)
        let (B, N) = (x.shape[0], x.shape[1])
        var values: [Int32] = []
        values.reserveCapacity(B * N * N)
        for b in 0..<B {
            for n in 0..<N {
                values += x.values[b * N..<(b + 1) * N]
                values[values.count - N + n] = Int32(configuration.codes)
            }
        }
        let owners = (0..<B * N).map { $0 / N }
        let said = network.asked(Tokens(values, [B * N, N]), of: owners, t, labels, text)  // [B N, N, K]
        // Of each pass only what it says of the token it hides.
        return said.picked(Tokens((0..<B * N).map { Int32($0 * N + $0 % N) }, [B, N]))
    }
}

/// The network is minus the energy of whole sequences, summed over its outputs, and a token's logits are those with every value in
/// its place: N (K - 1) + 1 passes.
///
///     x: [B, N]
///     returns [B, N, K]
public final class EnergyForm: Module, TokenNetwork {
    let network: TokenTransformer
    public let configuration: TokenTransformerConfiguration

    public init(_ c: TokenTransformerConfiguration) {
        configuration = c
        var scalar = c
        scalar.outputs = 1
        network = TokenTransformer(scalar)
        super.init()
    }

    /// Passes for one sequence.
    public static func passes(_ c: TokenTransformerConfiguration) -> Int { c.tokens * (c.codes - 1) + 1 }

    public var nullText: Parameter? { network.nullText }

    public func callAsFunction(
        _ x: Tokens, t: [Float], classes labels: [Int]? = nil, text: EncodedText? = nil, scope: RunScope? = nil
    ) -> Tensor {
        check(x, t)
        let (B, N, K) = (x.shape[0], x.shape[1], configuration.codes)
        var (values, owners, rows) = ([Int32](), [Int](), [Int32]())
        values.reserveCapacity(B * EnergyForm.passes(configuration) * N)
        for b in 0..<B {
            let own = Array(x.values[b * N..<(b + 1) * N])
            // The sequence as it is has every token's own value in its place.
            let itself = Int32(owners.count)
            values += own
            owners.append(b)
            for n in 0..<N {
                for v in 0..<Int32(K) where own[n] != v {
                    values += own
                    values[values.count - N + n] = v
                    owners.append(b)
                }
                var next = Int32(owners.count) - Int32(own[n] < K ? K - 1 : K)
                for v in 0..<Int32(K) {
                    rows.append(v == own[n] ? itself : next)
                    next += v == own[n] ? 0 : 1
                }
            }
        }
        let energies = network.asked(Tokens(values, [owners.count, N]), of: owners, t, labels, text).sum(1)  // [passes, 1]
        return energies.picked(Tokens(rows, [B, N, K])).squeezed(3)
    }
}

extension TokenTransformer {
    /// What it says of many sequences, each under the time and the conditions of the sample it was made from.
    fileprivate func asked(
        _ x: Tokens, of samples: [Int], _ t: [Float], _ labels: [Int]?, _ text: EncodedText?
    ) -> Tensor {
        let told = labels.map { labels in samples.map { labels[$0] } }
        return self(x, t: samples.map { t[$0] }, classes: told, text: text?.picked(samples))
    }
}
