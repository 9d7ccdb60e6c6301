import Media
import Networks
import Tensors

/// Batches of a data set in epoch order, prepared ahead on a thread of their own.
///
/// Row i of step s is the example at position s · batch + i, so that what a run sees depends on the step alone; `LengthBuckets` may sort
/// the rows of some steps among themselves.
public final class DatasetSource: BatchSource {
    private let dataset: any Dataset
    private let form: MediaForm
    private let batchSize: Int
    private let buckets: LengthBuckets
    private var prefetcher: Prefetcher<Batch>?
    private var nextStep = -1
    private var current: (step: Int, batch: Batch)?
    private var waited = 0.0

    /// - Parameters:
    ///   - form: what the system takes in of an example.
    ///   - buckets: batches whose examples are sorted by the length of their words.
    public init(_ dataset: any Dataset, as form: MediaForm = .picture, batch: Int, seed: UInt64, buckets: Int = 1) {
        self.dataset = dataset
        self.form = form
        batchSize = batch
        self.buckets = LengthBuckets(EpochOrder(count: dataset.count, seed: seed), batch: batch, window: buckets) { place in
            let words = try dataset.words(place.index, epoch: place.epoch)
            return (words.text?.utf8.count ?? 0) + (words.caption?.utf8.count ?? 0)
        }
    }

    /// Seconds that training has waited for data.
    public var waitedSeconds: Double { waited + (prefetcher?.waitedSeconds ?? 0) }

    public func batch(step: Int, range: Range<Int>, places: [Noise]) throws -> Batch {
        guard range.upperBound <= batchSize else {
            var batch = try Self.load(dataset, form, buckets.order.batch(at: step * batchSize, size: range.upperBound))
            batch.places = places
            return batch
        }
        if current?.step != step { current = (step, try whole(step)) }
        return current!.batch.rows(range, places: places)
    }

    private func whole(_ step: Int) throws -> Batch {
        if prefetcher == nil || step != nextStep {
            waited = waitedSeconds
            prefetcher = Prefetcher(from: step) { [dataset, form, buckets] step in
                try Self.load(dataset, form, try buckets.places(step: step))
            }
        }
        nextStep = step + 1
        return try prefetcher!.next()
    }

    private static func load(_ dataset: any Dataset, _ form: MediaForm, _ places: [EpochOrder.Place]) throws -> Batch {
        let examples = try places.map { try dataset.example($0.index, epoch: $0.epoch) }
        let points = examples.compactMap(\.point)
        if let first = points.first, let odd = examples.first(where: { $0.point?.count != first.count }) {
            throw InputError(
                "points of one data set differ in size", at: odd.name, expected: "\(first.count) numbers",
                found: odd.point.map { "\($0.count)" } ?? "no point")
        }
        return Batch(
            media: try form.media(of: examples, at: places.map { ($0.index, $0.epoch) }),
            latents: points.isEmpty ? nil : Tensor(points.flatMap { $0 }, [points.count, points[0].count]),
            pictures: form.isPicture ? nil : try MediaForm.picture.media(of: examples, at: []),
            captions: examples.map { $0.caption ?? "" },
            labels: examples.map { $0.label ?? 0 }, places: [])
    }
}

extension Batch {
    /// Some rows of a whole batch.
    func rows(_ range: Range<Int>, places: [Noise]) -> Batch {
        Batch(
            media: media?.slice(0, range), latents: latents?.slice(0, range), pictures: pictures?.slice(0, range),
            captions: Array(captions[range]), labels: Array(labels[range]), places: places)
    }
}
