import CDNNL
import Testing

@Suite(.serialized) struct ConvolutionTests {
    /// Every pair of odd channel counts, kernel and stride, each with one of four paddings in turn.
    static let cases: [Case] = {
        let paddings = [(0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 0, 1), (1, 0, 1, 1)]
        let channels = [1, 3, 4, 5, 16, 33]
        var cases: [Case] = []
        for dtype in dtypes {
            for from in channels {
                for to in channels {
                    for (kernel, stride) in [(1, 1), (3, 1), (4, 1), (1, 2), (3, 2), (4, 2)] {
                        let padding = paddings[cases.count % 4]
                        cases.append(
                            Case(
                                from: from, to: to, kernel: kernel, stride: stride, padding: padding,
                                dtype: dtype))
                    }
                }
            }
        }
        for dtype in dtypes {
            for (from, to, groups) in [(3, 5, 1), (16, 33, 1), (4, 8, 4), (8, 32, 2), (16, 16, 4), (6, 3, 3), (32, 64, 8)] {
                for (kernel, stride, dilation) in [(3, 1, 1), (3, 1, 2), (2, 2, 3), (3, 2, 2), (1, 1, 3)] {
                    cases.append(
                        Case(
                            from: from, to: to, kernel: kernel, stride: stride, padding: paddings[cases.count % 4],
                            dilation: dilation, groups: groups, dtype: dtype))
                }
            }
        }
        return cases
    }()

    @Test func `forward and backward are plain sums over the window`() throws {
        for threads in [1, 2] as [Int32] {
            setThreads(threads)
            for one in Self.cases.dropFirst(Int(threads) - 1) {
                let reference = one.reference()
                let weights = try one.backwardWeights()
                #expect(reference.y.worst(try one.forward(perSample: false)) <= 1, "forward, \(one)")
                #expect(reference.y.worst(try one.forward(perSample: true)) <= 1, "forward by sample, \(one)")
                #expect(reference.gx.worst(try one.backwardData()) <= 1, "backward data, \(one)")
                #expect(reference.gw.worst(weights.gw) <= 1, "backward weights, \(one)")
                #expect(reference.gbias.worst(weights.gbias) <= 1, "backward bias, \(one)")
            }
        }
    }

    @Test func `without a bias nothing is added and no gradient of it is written`() throws {
        for dtype in dtypes {
            let one = Case(from: 5, to: 16, kernel: 3, stride: 1, padding: (1, 1, 1, 1), dtype: dtype)
            var reference = one.reference()
            for (i, _) in reference.y.values.enumerated() { reference.y.add(i, -one.bias.doubles[i % 16]) }
            #expect(reference.y.worst(try one.forward(perSample: false, withBias: false)) <= 1)
            let weights = try one.backwardWeights(withBias: false)
            #expect(reference.gw.worst(weights.gw) <= 1)
            #expect(weights.gbias == Stored(unset: 16, 0))
        }
    }

    @Test func `by sample, a sample's bits depend neither on the batch nor on the threads`() throws {
        for dtype in dtypes {
            for (size, from, to, kernel, stride) in [
                (16, 64, 64, 3, 1), (8, 256, 128, 3, 1), (16, 3, 64, 4, 2), (17, 33, 5, 3, 2),
                (8, 320, 64, 1, 1), (8, 24, 96, 1, 2),
            ] {
                // A padded 1x1 kernel is what oneDNN falls to matrix products for, where AVX-512 is missing.
                let pad = kernel / 2
                let padding = kernel == 1 && stride == 2 ? (1, 0, 1, 1) : (0, pad, pad, 1)
                let three = Case(
                    batch: 3, height: size, width: size, from: from, to: to, kernel: kernel, stride: stride,
                    padding: padding, dtype: dtype)
                setThreads(1)
                let whole = try three.forward(perSample: true)
                let per = three.outputs / 3
                for threads in [1, 2, 3] as [Int32] {
                    setThreads(threads)
                    #expect(try three.forward(perSample: true) == whole, "\(threads) threads, \(three)")
                    for sample in 0..<3 {
                        let alone = try three.alone(sample).forward(perSample: true)
                        let expected = whole.part(sample * per..<(sample + 1) * per)
                        #expect(alone == expected, "sample \(sample), \(threads) threads, \(three)")
                    }
                }
            }
        }
    }

    @Test func `backward gives the same bits on every run`() throws {
        setThreads(2)
        for dtype in dtypes {
            for (size, from, to, kernel, stride) in [
                (16, 64, 64, 3, 1), (8, 128, 33, 3, 2), (16, 64, 16, 1, 1), (9, 3, 64, 4, 2),
            ] {
                let one = Case(
                    batch: 5, height: size, width: size, from: from, to: to, kernel: kernel, stride: stride,
                    padding: (kernel / 2, 1, 0, kernel / 2), dtype: dtype)
                let gx = try one.backwardData()
                let weights = try one.backwardWeights()
                for run in 1..<20 {
                    if run == 10 { cdnnl_clear() }
                    let again = try one.backwardWeights()
                    #expect(try one.backwardData() == gx, "run \(run), \(one)")
                    #expect(again.gw == weights.gw, "run \(run), \(one)")
                    #expect(again.gbias == weights.gbias, "run \(run), \(one)")
                }
            }
        }
    }

    @Test func `shapes that do not fit are refused by name`() {
        var one = Case(from: 4, to: 4, kernel: 3, stride: 1, padding: (1, 1, 1, 1), dtype: 0)
        one.shape.out_height += 1
        #expect { try one.forward(perSample: false) } throws: { "\($0)" == "invalid arguments" }
        #expect { try one.backwardData() } throws: { "\($0)" == "invalid arguments" }
        #expect { try one.backwardWeights() } throws: { "\($0)" == "invalid arguments" }
        one.shape.out_height -= 1
        one.shape.stride = 0
        #expect { try one.forward(perSample: true) } throws: { "\($0)" == "invalid arguments" }
    }

    @Test(.enabled(if: !hasBF16)) func `without AVX-512 bf16 is refused by name`() {
        let one = Case(from: 4, to: 4, kernel: 3, stride: 1, padding: (1, 1, 1, 1), dtype: 1)
        #expect { try one.forward(perSample: false) } throws: { "\($0)".hasPrefix("not implemented") }
        #expect { try one.backwardData() } throws: { "\($0)".hasPrefix("not implemented") }
        #expect { try one.backwardWeights() } throws: { "\($0)".hasPrefix("not implemented") }
    }
}
