import Foundation
import Media
import Testing

@Suite struct ShapesTests {
    static let shapes = Shapes(count: 5000, seed: 11)
    static let heldOut = Shapes(count: 1000, split: .heldOut, seed: 12)

    @Test func `every sentence reads back, and none else is read`() {
        for split in Split.allCases {
            for caption in ShapesSplit.singleCaptions(split) + ShapesSplit.pairCaptions(split) {
                #expect(ShapesCaption(caption.description) == caption)
                #expect(ShapesSplit.split(of: caption) == split)
            }
        }
        for text in [
            "", "a", "a red circle", "a red circle on a white", "a red circle on a white background ",
            "a  red circle on a white background",
            "a small red circle above a blue ring on a white background",
            "a red circle left a blue ring on a white background",
            "a red circle above of a blue ring on a white background",
            "a red circle above a red circle on a white background", "a brown circle on a white background",
            "the red circle on a white background", "a red circle on a pink background",
        ] { #expect(ShapesCaption(text) == nil, "\(text)") }
    }

    @Test func `about 15 % is held out, and no single held out occurs in a pair`() {
        #expect(ShapesSplit.singles(.heldOut).count == 6 && ShapesSplit.singles(.train).count == 34)
        #expect(ShapesSplit.pairs(.heldOut).count == 83 && ShapesSplit.pairs(.train).count == 478)
        #expect(
            ShapesSplit.singleCaptions(.train).count == 306
                && ShapesSplit.singleCaptions(.heldOut).count == 54)
        #expect(
            ShapesSplit.pairCaptions(.train).count == 11_472
                && ShapesSplit.pairCaptions(.heldOut).count == 1992)
        let train = Set(ShapesSplit.pairs(.train).map { Set([$0.0, $0.1]) })
        let held = Set(ShapesSplit.pairs(.heldOut).map { Set([$0.0, $0.1]) })
        #expect(train.isDisjoint(with: held) && train.count == 478 && held.count == 83)
        #expect(train.union(held).allSatisfy { $0.isDisjoint(with: ShapesSplit.heldOutSingles) })
        for split in Split.allCases {
            let shapes = ShapesSplit.singles(split)
            #expect(Set(shapes.map(\.kind)) == Set(ShapeKind.allCases))
        }
        #expect(Set(ShapesSplit.singles(.train).map(\.color)) == Set(ShapeColor.allCases))
    }

    @Test func `captions of a split repeat only when they must, and begin alike`() {
        for split in Split.allCases {
            let captions = Shapes.captions(split: split, count: 400, seed: 3)
            #expect(captions.count == 400 && Set(captions).count == 400)
            #expect(captions.allSatisfy { ShapesSplit.split(of: $0) == split })
            #expect(Array(captions.prefix(50)) == Shapes.captions(split: split, count: 50, seed: 3))
            #expect(captions != Shapes.captions(split: split, count: 400, seed: 4))
            let singles = captions.filter { if case .single = $0 { true } else { false } }
            #expect(split == .heldOut ? singles.count == 54 : (150...250).contains(singles.count))
        }
        let all = Shapes.captions(split: .heldOut, count: 2 * 2046, seed: 0)
        #expect(Set(all.prefix(2046)).count == 2046 && Set(all.suffix(2046)).count == 2046)
    }

    @Test func `pictures obey the rules of the data set`() {
        for index in 0..<Self.shapes.count {
            let (caption, scene) = Self.shapes.scene(index)
            for object in scene.objects {
                #expect(object.left >= 0 && object.top >= 0)
                #expect(object.left + object.side <= 32 && object.top + object.side <= 32)
            }
            switch caption {
            case .single(let size, let shape, _):
                #expect(scene.objects.count == 1 && scene.objects[0].shape == shape)
                let sides: ClosedRange<Double> = size == .small ? 8...10 : size == .large ? 18...22 : 8...22
                #expect(sides.contains(scene.objects[0].side))
            case .pair(let first, let relation, let second, _):
                let (a, b) = (scene.objects[0], scene.objects[1])
                #expect(a.shape == first && b.shape == second && first != second)
                #expect((9...12).contains(a.side) && (9...12).contains(b.side))
                let (dx, dy) = (b.center.x - a.center.x, b.center.y - a.center.y)
                switch relation {
                case .above: #expect(dy >= 15 && abs(dx) <= 6)
                case .below: #expect(dy <= -15 && abs(dx) <= 6)
                case .left: #expect(dx >= 15 && abs(dy) <= 6)
                case .right: #expect(dx <= -15 && abs(dy) <= 6)
                }
            }
        }
    }

    @Test func `an example depends on seed and index alone`() {
        let again = Shapes(count: 100, seed: 11)
        for index in [99, 0, 42] {
            #expect(again.example(index, epoch: 5).picture == Self.shapes.example(index).picture)
            #expect(again.example(index).caption == Self.shapes.example(index).caption)
        }
        #expect(Shapes(count: 100, seed: 12).example(0).picture != again.example(0).picture)
    }

    @Test func `the class is the kind of the object that the sentence begins with`() {
        #expect(Self.shapes.classNames == ["circle", "square", "triangle", "ring", "cross"])
        for i in 0..<300 {
            let example = Self.shapes.example(i)
            let words = (example.caption ?? "").split(separator: " ")
            let kind = words.first { Self.shapes.classNames.contains(String($0)) }
            #expect(example.label.map { Self.shapes.classNames[$0] } == kind.map(String.init), "\(words)")
            #expect(Self.shapes.words(i, epoch: 0).label == example.label)
        }
    }

    @Test func `edges are antialiased and colors exact`() {
        let ring = ColoredShape(.red, .ring)
        let scene = ShapesScene(background: .white, objects: [.init(ring, left: 4, top: 6, side: 20)])
        let picture = scene.picture
        #expect((picture[5, 16, 0], picture[5, 16, 1], picture[5, 16, 2]) == (220, 40, 40))
        #expect(picture[14, 16, 1] == 255 && picture[3, 16, 1] == 255)
        let levels = Set((0..<32).flatMap { y in (0..<32).map { picture[$0, y, 1] } })
        #expect(levels.count > 10)
        // Area of the ring: pi (10^2 - 5^2), measured by how much green is missing.
        let area = (0..<1024).reduce(0.0) { $0 + Double(255 - picture.pixels[3 * $1 + 1]) / 215 }
        #expect(abs(area - .pi * 75) < 1)
    }

    @Test func `the checker reads every picture back exactly`() {
        for data in [Self.shapes, Self.heldOut] {
            for index in 0..<data.count {
                let (caption, scene) = data.scene(index)
                let picture = scene.picture
                guard let read = ShapesChecker.read(picture) else {
                    Issue.record("\(caption) was not read")
                    continue
                }
                #expect(ShapesChecker.matches(picture, caption.description))
                let sorted = { (s: ShapesScene) in s.objects.sorted { ($0.left, $0.top) < ($1.left, $1.top) }
                }
                #expect(read.background == scene.background && sorted(read) == sorted(scene), "\(caption)")
            }
        }
    }

    /// All sentences that differ in one word and are not true of the scene as well.
    static func changed(_ caption: ShapesCaption, _ scene: ShapesScene) -> [ShapesCaption] {
        func others(_ shape: ColoredShape) -> [ColoredShape] {
            ShapeColor.allCases.filter { $0 != shape.color }.map { ColoredShape($0, shape.kind) }
                + ShapeKind.allCases.filter { $0 != shape.kind }.map { ColoredShape(shape.color, $0) }
        }
        switch caption {
        case .single(let size, let shape, let background):
            let sizes = ShapeSize.allCases.filter { other in
                // A size within a pixel of the named range may be told that way too.
                other != size
                    && !(scene.objects[0].side >= Double(other.sides.lowerBound) - 1
                        && scene.objects[0].side <= Double(other.sides.upperBound) + 1)
            }
            return others(shape).map { .single(size, $0, background) }
                + sizes.map { .single($0, shape, background) }
                + ShapeBackground.allCases.filter { $0 != background }.map { .single(size, shape, $0) }
                + [.pair(shape, .above, others(shape)[0], background)]
        case .pair(let a, let relation, let b, let background):
            return others(a).filter { $0 != b }.map { .pair($0, relation, b, background) }
                + others(b).filter { $0 != a }.map { .pair(a, relation, $0, background) }
                + ShapeRelation.allCases.filter { $0 != relation }.map { .pair(a, $0, b, background) }
                + ShapeBackground.allCases.filter { $0 != background }.map { .pair(a, relation, b, $0) }
                + [
                    .pair(b, relation, a, background), .single(nil, a, background),
                    .single(nil, b, background),
                ]
        }
    }

    @Test func `the checker rejects every sentence with one word changed`() {
        for index in 0..<Self.shapes.count {
            let (caption, scene) = Self.shapes.scene(index)
            guard let read = ShapesChecker.read(scene.picture) else { continue }
            for wrong in Self.changed(caption, scene) {
                if read.agrees(with: wrong) { Issue.record("\"\(wrong)\" accepted for \"\(caption)\"") }
            }
        }
    }

    @Test func `what is wrong is named by the first word that differs`() {
        let (red, blue) = (ColoredShape(.red, .square), ColoredShape(.blue, .ring))
        let one = ShapesScene(background: .white, objects: [.init(red, left: 4, top: 4, side: 9)])
        // The red one above, whichever comes first.
        let two = ShapesScene(
            background: .gray, objects: [.init(blue, left: 10, top: 20, side: 10), .init(red, left: 10, top: 4, side: 10)])
        for (scene, sentence, wrong) in [
            (one, "a small red square on a white background", nil), (one, "a red square on a white background", nil),
            (one, "a small red square on a gray background", .background),
            (one, "a small red circle on a white background", .kind),
            (one, "a small pink square on a white background", .color), (one, "a large red square on a white background", .size),
            (one, "a red square above a blue ring on a white background", .count),
            (two, "a red square above a blue ring on a gray background", nil),
            (two, "a blue ring below a red square on a gray background", nil),
            (two, "a red square on a gray background", .count),
            (two, "a red square below a blue ring on a gray background", .place),
            (two, "a red square above a pink ring on a gray background", .color),
            (two, "a red circle above a blue ring on a gray background", .kind),
        ] as [(ShapesScene, String, ShapesMismatch?)] {
            let caption = ShapesCaption(sentence)!
            #expect(scene.mismatch(with: caption) == wrong, "\(sentence)")
            #expect(ShapesChecker.mismatch(scene.picture, caption) == wrong, "\(sentence)")
        }
        let plain = Picture(width: 32, height: 32, filledWith: [255, 255, 255])
        #expect(ShapesChecker.mismatch(plain, ShapesCaption("a red square on a white background")!) == .scene)
    }

    @Test(arguments: [(0.0, 8.0), (0.6, 0.0), (0.5, 8.0)])
    func `the checker sees through mild blur and noise`(blur: Double, noise: Double) {
        var right = 0
        var accepted = 0
        for index in 0..<1000 {
            let (caption, scene) = Self.shapes.scene(index)
            let picture = disturbed(scene.picture, blur: blur, noise: noise, key: UInt64(index))
            guard let read = ShapesChecker.read(picture) else { continue }
            if read.agrees(with: caption) { right += 1 }
            if Self.changed(caption, scene).contains(where: { read.agrees(with: $0) }) { accepted += 1 }
        }
        #expect(right >= 995, "\(right)")
        #expect(accepted <= 5)
    }

    @Test func `what is not a clean scene is not read`() {
        let red = ColoredShape(.red, .square)
        let scene = ShapesScene(background: .white, objects: [.init(red, left: 2, top: 2, side: 10)])
        #expect(ShapesChecker.read(scene.picture) == scene)
        func edited(_ edit: (inout Picture) -> Void) -> ShapesScene? {
            var picture = scene.picture
            edit(&picture)
            return ShapesChecker.read(picture)
        }
        func fill(_ picture: inout Picture, _ xs: Range<Int>, _ ys: Range<Int>, _ color: [UInt8]) {
            for y in ys { for x in xs { for c in 0..<3 { picture[x, y, c] = color[c] } } }
        }
        #expect(edited { fill(&$0, 20..<23, 20..<23, [50, 90, 220]) } == nil, "a blue speck")
        #expect(edited { fill(&$0, 2..<7, 2..<12, [40, 170, 70]) } == nil, "half green")
        #expect(edited { fill(&$0, 2..<12, 2..<12, [120, 90, 60]) } == nil, "brown")
        #expect(edited { fill(&$0, 2..<12, 2..<7, [255, 255, 255]) } == nil, "half missing")
        #expect(edited { fill(&$0, 0..<32, 0..<32, [120, 120, 120]) } == nil, "no known background")
        #expect(edited { fill(&$0, 0..<32, 0..<32, [255, 255, 255]) } == nil, "nothing")
        #expect(edited { fill(&$0, 0..<16, 0..<4, [220, 40, 40]) } == nil, "deformed")
        let cut = ShapesScene(background: .white, objects: [.init(red, left: -4, top: 10, side: 12)])
        #expect(
            ShapesChecker.read(cut.picture) == nil || ShapesChecker.read(cut.picture)!.objects[0].side < 12)
        let circle = ColoredShape(.blue, .circle)
        let cutCircle = ShapesScene(background: .gray, objects: [.init(circle, left: -4, top: 10, side: 14)])
        #expect(ShapesChecker.read(cutCircle.picture) == nil)
        let three = ShapesScene(
            background: .black,
            objects: [
                .init(red, left: 1, top: 1, side: 9), .init(circle, left: 20, top: 1, side: 9),
                .init(circle, left: 1, top: 20, side: 9),
            ])
        #expect(ShapesChecker.read(three.picture) == nil)
        #expect(ShapesChecker.read(scene.picture.resized(width: 64, height: 64)) == nil)
    }

    private func disturbed(_ picture: Picture, blur: Double, noise: Double, key: UInt64) -> Picture {
        let side = picture.width
        var samples = picture.pixels.map(Double.init)
        if blur > 0 {
            let taps = (-3...3).map { exp(-Double($0 * $0) / (2 * blur * blur)) }
            let sum = taps.reduce(0, +)
            for step in [(1, 0), (0, 1)] {
                let source = samples
                for y in 0..<side {
                    for x in 0..<side {
                        for c in 0..<3 {
                            samples[(y * side + x) * 3 + c] = (-3...3).reduce(0.0) { total, k in
                                let (sx, sy) = (
                                    min(side - 1, max(0, x + k * step.0)),
                                    min(side - 1, max(0, y + k * step.1))
                                )
                                return total + taps[k + 3] / sum * source[(sy * side + sx) * 3 + c]
                            }
                        }
                    }
                }
            }
        }
        var generator = KeyedGenerator(99, key)
        return Picture(
            width: side, height: side, channels: 3,
            pixels: samples.map { sample in
                let normal = sqrt(-2 * log(1 - generator.uniform())) * cos(2 * .pi * generator.uniform())
                return UInt8(max(0, min(255, (sample + noise * normal).rounded())))
            })
    }
}
