import Glibc
import Metrics
import Tensors
import Testing

@Suite struct CountingTests {
    @Test func `codebook use adds up over batches`() {
        var usage = CodebookUsage(codes: 4)
        #expect(usage.perplexity == 0 && usage.usedShare == 0)
        usage.add(Tokens([0, 0, 1, 1], [2, 2]))
        #expect(usage.histogram == [2, 2, 0, 0] && usage.usedShare == 0.5)
        #expect(abs(usage.perplexity - 2) < 1e-12)
        usage.add(Tokens([2, 2, 3, 3], [4]))
        #expect(usage.usedShare == 1 && abs(usage.perplexity - 4) < 1e-12 && usage.total == 8)
        usage.add(Tokens([Int32](repeating: 0, count: 8), [8]))
        // 10, 2, 2, 2 of 16: Π p^-p.
        #expect(abs(usage.perplexity - pow(1.6, 0.625) * pow(8, 0.375)) < 1e-12)
    }

    @Test func `samples that equal their own item hit, samples of another do not`() {
        let references = Noise(seed: 1).normal([20, 2, 3])
        let own = [4, 0, 19, 7]
        let right = references.gathered(0, own)
        let all = NearestOwn(samples: right, own: own, references: references, others: 19, noise: Noise(seed: 2))
        #expect(all.ranks == [0, 0, 0, 0] && all.share == 1)
        let wrong = NearestOwn(
            samples: right, own: [5, 1, 18, 8], references: references, others: 19, noise: Noise(seed: 2))
        #expect(wrong.hits == 0 && wrong.ranks.allSatisfy { $0 >= 1 })
    }

    @Test func `ranks against all others are those of sorting`() {
        let references = Tensor([0, 1, 2, 3, 10], [5, 1])
        let samples = Tensor([2.2, 0.4, .nan], [3, 1])
        let found = NearestOwn(samples: samples, own: [0, 1, 2], references: references, others: 4, noise: Noise(seed: 3))
        // 2.2: nearer to 1, 2 and 3 than to 0; 0.4: nearer to 0 than to 1; not a number: never nearer.
        #expect(found.ranks == [3, 1, 4])
    }

    @Test func `others are different, never the own item, and do not depend on the rest`() {
        let references = Tensor((0..<6).map(Float.init), [6, 1])
        // Every other is nearer than the own item, so the rank counts them.
        let samples = Tensor([Float](repeating: 100, count: 40), [40, 1])
        let found = NearestOwn(
            samples: samples, own: .init(repeating: 0, count: 40), references: references, others: 3, noise: Noise(seed: 4))
        #expect(found.ranks == .init(repeating: 3, count: 40))
        let own = NearestOwn(
            samples: Tensor([2.6], [1, 1]), own: [2], references: references, others: 2, noise: Noise(seed: 5))
        let more = NearestOwn(
            samples: Tensor([2.6, 0], [2, 1]), own: [2, 0], references: references, others: 2, noise: Noise(seed: 5))
        #expect(more.ranks[0] == own.ranks[0])
    }
}
