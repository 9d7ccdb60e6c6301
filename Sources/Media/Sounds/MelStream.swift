import Tensors

/// A log-mel spectrogram made while its sound comes in. What comes in is read where it lies: only what reaches from one push into the next
/// is copied.
struct MelStream {
    private let mel: MelSpectrogram
    private var resampler: Resampler?
    /// From the first sample that the next frame reaches, mirrored ones before the beginning included.
    private var waiting: [Float] = []
    private var hasBegun = false
    /// The last samples of all, for the mirror image at the end.
    private var tail: [Float] = []
    /// [frames, bands] each.
    private var blocks: [Tensor] = []

    /// Frames worked on by one thread at a time; their numbers then stay in its cache.
    private static let block = 64

    init(_ mel: MelSpectrogram, rate: Int) {
        self.mel = mel
        if rate != mel.settings.rate { resampler = Resampler(from: rate, to: mel.settings.rate) }
    }

    mutating func push(_ samples: [Float]) { append(resampler?.push(samples) ?? samples) }

    private mutating func append(_ samples: [Float]) {
        let reach = mel.fourier.reach
        tail = samples.count > reach ? Array(samples[(samples.count - reach - 1)...]) : Array((tail + samples).suffix(reach + 1))
        guard !hasBegun else { return work(on: samples) }
        guard waiting.count + samples.count > reach else { return waiting += samples }
        let first = waiting + samples.prefix(reach + 1)
        waiting = first[1...reach].reversed() + waiting
        hasBegun = true
        work(on: samples)
    }

    /// - Returns: [frames, bands]
    mutating func finish() -> Tensor {
        append(resampler?.finish() ?? [])
        let reach = mel.fourier.reach
        if hasBegun {
            work(on: tail.dropLast().reversed())
        } else {
            waiting = reflected(Tensor(waiting.isEmpty ? [0] : waiting, [1, max(1, waiting.count)]), by: reach).values
            work(on: [])
        }
        return concatenated(blocks, axis: 0)
    }

    /// All frames that lie wholly in what waits and what follows it.
    private mutating func work(on samples: [Float]) {
        let (size, hop, waiting, mel) = (mel.settings.size, mel.settings.hop, self.waiting, self.mel)
        let (before, total) = (waiting.count, waiting.count + samples.count)
        func signal(_ range: Range<Int>) -> [Float] {
            let (first, end) = (range.lowerBound - before, range.upperBound - before)
            if first >= 0 { return Array(samples[first..<end]) }
            return Array(waiting[range.lowerBound..<min(before, range.upperBound)]) + samples.prefix(max(0, end))
        }
        let frames = total < size ? 0 : (total - size) / hop + 1
        let parts = pieces(frames, of: Self.block)
        blocks += concurrently(parts.count) { index in
            let reached = parts[index].lowerBound * hop..<(parts[index].upperBound - 1) * hop + size
            return withoutGradients { mel.inner(Tensor(signal(reached), [reached.count])) }
        }
        self.waiting = signal(frames * hop..<total)
    }
}
