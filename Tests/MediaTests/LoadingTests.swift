import Foundation
import Media
import Synchronization
import Testing

@Suite struct LoadingTests {
    @Test func `equal keys give equal streams, and other keys others`() {
        var (a, b, c) = (KeyedGenerator(0), KeyedGenerator(0), KeyedGenerator(0, 0))
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in b.next() })
        #expect(first != (0..<4).map { _ in c.next() })
        #expect(Set(first).count == 4)
    }

    @Test func `draws below n are even`() {
        var generator = KeyedGenerator(5)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[generator.below(7)] += 1 }
        let chi = counts.reduce(0.0) { $0 + pow(Double($1) - 10_000, 2) / 10_000 }
        #expect(chi < 22.5)  // 0.1 % of a chi-square with 6 degrees of freedom
    }

    @Test(arguments: [1, 2, 7, 1000])
    func `each epoch is a permutation of its own`(count: Int) {
        let order = EpochOrder(count: count, seed: 9)
        for epoch in 0..<5 {
            let places = (epoch * count..<(epoch + 1) * count).map { order.place(at: $0) }
            #expect(places.allSatisfy { $0.epoch == epoch })
            #expect(places.map(\.index).sorted() == Array(0..<count))
            #expect(places.map(\.index) == order.indices(epoch: epoch))
        }
        if count == 1000 {
            #expect(order.indices(epoch: 0) != order.indices(epoch: 1))
            #expect(order.indices(epoch: 0) != EpochOrder(count: count, seed: 10).indices(epoch: 0))
        }
    }

    @Test func `the six orders of three examples come equally often`() {
        var counts: [[Int]: Int] = [:]
        let order = EpochOrder(count: 3, seed: 1)
        for epoch in 0..<6000 { counts[order.indices(epoch: epoch), default: 0] += 1 }
        #expect(counts.count == 6 && counts.values.allSatisfy { (850...1150).contains($0) })
    }

    @Test func `a batch reaches over the end of an epoch, and any position can be asked alone`() {
        let order = EpochOrder(count: 10, seed: 4)
        let batch = order.batch(at: 27, size: 6)
        #expect(batch.map(\.epoch) == [2, 2, 2, 3, 3, 3])
        #expect(batch.map(\.index) == (27..<33).map { EpochOrder.index(position: $0, count: 10, seed: 4) })
    }

    @Test func `sorted by length every example comes once, beside its like, and any step can be asked alone`() throws {
        let order = EpochOrder(count: 96, seed: 4)
        // Lengths that have nothing to do with the order.
        @Sendable func length(_ index: Int) -> Int { index * 37 % 96 }
        let buckets = LengthBuckets(order, batch: 4, window: 8) { length($0.index) }
        let batches = try (0..<24).map { try buckets.places(step: $0) }
        #expect(batches.joined().map(\.index).sorted() == Array(0..<96))
        #expect(try buckets.places(step: 13) == batches[13])
        for window in 0..<3 {
            let mine = batches[window * 8..<(window + 1) * 8]
            #expect(Set(mine.joined()) == Set(order.batch(at: window * 32, size: 32)), "of the same window")
            // Between the shortest and the longest of a batch lies nothing of another.
            let spans = mine.map { $0.map { length($0.index) } }.map { $0.min()!...$0.max()! }.sorted {
                $0.lowerBound < $1.lowerBound
            }
            #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        }
        let starts = batches.prefix(8).map { $0.map { length($0.index) }.min()! }
        #expect(starts != starts.sorted() && starts != starts.sorted().reversed(), "not from short to long")
        let plain = LengthBuckets(order, batch: 4, window: 1) { length($0.index) }
        #expect(try plain.places(step: 5) == order.batch(at: 20, size: 4))
    }

    @Test func `a prefetcher returns every batch in order and keeps few ready`() throws {
        let counter = Counter()
        let batches = Prefetcher(from: 5, depth: 3) { step in
            counter.add()
            return step * step
        }
        for step in 5..<200 { #expect(try batches.next() == step * step) }
        usleep(20_000)
        #expect(counter.value == 195 + 3)
    }

    @Test func `waiting is measured`() throws {
        let batches = Prefetcher(depth: 1) { step in
            usleep(10_000)
            return step
        }
        for _ in 0..<5 { _ = try batches.next() }
        #expect(batches.waitedSeconds > 0.03)
    }

    @Test func `an error comes out where its batch would, again and again`() throws {
        struct Broken: Error {}
        let batches = Prefetcher { step in
            if step == 2 { throw Broken() }
            return step
        }
        #expect(try batches.next() == 0 && batches.next() == 1)
        #expect(throws: Broken.self) { try batches.next() }
        #expect(throws: Broken.self) { try batches.next() }
    }

    @Test func `letting go of a prefetcher ends its thread`() {
        let counter = Counter()
        for _ in 0..<50 { _ = Prefetcher(depth: 1) { _ in counter.add() } }
        usleep(20_000)
        let before = counter.value
        usleep(20_000)
        #expect(counter.value == before && before <= 100)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add() { count.add(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
