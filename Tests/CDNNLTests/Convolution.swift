import CDNNL

/// A convolution's shape and operands, the results by plain loops in double, and the calls under test.
struct Case: CustomStringConvertible {
    var shape: cdnnl_convolution
    let dtype: Int32
    let x, w, bias, gy: Stored

    init(
        batch: Int = 2, height: Int = 9, width: Int = 7, from: Int, to: Int, kernel: Int, stride: Int,
        padding: (top: Int, bottom: Int, left: Int, right: Int), dilation: Int = 1, groups: Int = 1, dtype: Int32
    ) {
        let reach = (kernel - 1) * dilation + 1
        let outHeight = (height + padding.top + padding.bottom - reach) / stride + 1
        let outWidth = (width + padding.left + padding.right - reach) / stride + 1
        shape = cdnnl_convolution(
            batch: Int64(batch), in_height: Int64(height), in_width: Int64(width), in_channels: Int64(from),
            out_height: Int64(outHeight), out_width: Int64(outWidth), out_channels: Int64(to),
            kernel_height: Int64(kernel), kernel_width: Int64(kernel), stride: Int64(stride),
            dilation: Int64(dilation), groups: Int64(groups), pad_top: Int64(padding.top), pad_bottom: Int64(padding.bottom),
            pad_left: Int64(padding.left), pad_right: Int64(padding.right))
        self.dtype = dtype
        x = Stored(random: batch * height * width * from, dtype, seed: 1)
        w = Stored(random: to * kernel * kernel * from / groups, dtype, seed: 2)
        gy = Stored(random: batch * outHeight * outWidth * to, dtype, seed: 3)
        bias = Stored(random: to, 0, seed: 4)
    }

    var description: String {
        let s = shape
        let from = "[\(s.batch), \(s.in_height), \(s.in_width), \(s.in_channels)]"
        let padding = "\(s.pad_top) \(s.pad_bottom) \(s.pad_left) \(s.pad_right)"
        return "\(dtype == 0 ? "f32" : "bf16") \(from) -> \(s.out_channels), kernel \(s.kernel_height)"
            + ", stride \(s.stride), dilation \(s.dilation), \(s.groups) groups, padding \(padding)"
    }

    var inputs: Int { Int(shape.batch * shape.in_height * shape.in_width * shape.in_channels) }
    var outputs: Int { Int(shape.batch * shape.out_height * shape.out_width * shape.out_channels) }

    /// y, gx, gw and gbias.
    func reference() -> (y: Sums, gx: Sums, gw: Sums, gbias: Sums) {
        let (xs, ws, bs, gs) = (x.doubles, w.doubles, bias.doubles, gy.doubles)
        var y = Sums(gs.count)
        var gx = Sums(xs.count)
        var gw = Sums(ws.count)
        var gbias = Sums(bs.count)
        let (height, width, from) = (Int(shape.in_height), Int(shape.in_width), Int(shape.in_channels))
        let (outHeight, outWidth, to) = (Int(shape.out_height), Int(shape.out_width), Int(shape.out_channels))
        let (kernel, stride, dilation) = (Int(shape.kernel_height), Int(shape.stride), Int(shape.dilation))
        let (perGroup, toGroup) = (from / Int(shape.groups), to / Int(shape.groups))
        for at in 0..<gs.count {
            let o = at % to
            let column = at / to % outWidth
            let row = at / to / outWidth % outHeight
            let sample = at / to / outWidth / outHeight
            y.add(at, bs[o])
            gbias.add(o, gs[at])
            for ky in 0..<kernel {
                let iy = row * stride + ky * dilation - Int(shape.pad_top)
                guard 0..<height ~= iy else { continue }
                for kx in 0..<kernel {
                    let ix = column * stride + kx * dilation - Int(shape.pad_left)
                    guard 0..<width ~= ix else { continue }
                    for i in 0..<perGroup {
                        let input = ((sample * height + iy) * width + ix) * from + o / toGroup * perGroup + i
                        let weight = ((o * kernel + ky) * kernel + kx) * perGroup + i
                        y.add(at, xs[input] * ws[weight])
                        gx.add(input, gs[at] * ws[weight])
                        gw.add(weight, gs[at] * xs[input])
                    }
                }
            }
        }
        return (y, gx, gw, gbias)
    }

    func forward(perSample: Bool, withBias: Bool = true) throws -> Stored {
        var y = Stored(unset: outputs, dtype)
        var shape = shape
        try check(
            bias.bytes.withUnsafeBytes { b in
                cdnnl_convolution_forward(
                    &shape, dtype, x.bytes, w.bytes,
                    withBias ? b.bindMemory(to: Float.self).baseAddress : nil, &y.bytes, perSample)
            })
        return y
    }

    func backwardData() throws -> Stored {
        var gx = Stored(unset: inputs, dtype)
        var shape = shape
        try check(cdnnl_convolution_backward_data(&shape, dtype, gy.bytes, w.bytes, &gx.bytes))
        return gx
    }

    func backwardWeights(withBias: Bool = true) throws -> (gw: Stored, gbias: Stored) {
        var gw = Stored(unset: w.doubles.count, 0)
        var gbias = Stored(unset: bias.doubles.count, 0)
        var shape = shape
        try check(
            gw.bytes.withUnsafeMutableBytes { gw in
                gbias.bytes.withUnsafeMutableBytes { gbias in
                    cdnnl_convolution_backward_weights(
                        &shape, dtype, x.bytes, gy.bytes, gw.bindMemory(to: Float.self).baseAddress,
                        withBias ? gbias.bindMemory(to: Float.self).baseAddress : nil)
                }
            })
        return (gw, gbias)
    }

    /// The same convolution of one sample, whose input is that sample's.
    func alone(_ sample: Int) -> Case {
        let perInput = inputs / Int(shape.batch)
        let perOutput = outputs / Int(shape.batch)
        var shape = shape
        shape.batch = 1
        return Case(
            shape: shape, dtype: dtype, x: x.part(sample * perInput..<(sample + 1) * perInput), w: w,
            bias: bias,
            gy: gy.part(sample * perOutput..<(sample + 1) * perOutput))
    }

    private init(shape: cdnnl_convolution, dtype: Int32, x: Stored, w: Stored, bias: Stored, gy: Stored) {
        (self.shape, self.dtype, self.x, self.w, self.bias, self.gy) = (shape, dtype, x, w, bias, gy)
    }
}

struct Refused: Error, CustomStringConvertible {
    let status: Int32
    var description: String { String(cString: cdnnl_status(status)) }
}

func check(_ status: Int32) throws {
    if status != 0 { throw Refused(status: status) }
}
