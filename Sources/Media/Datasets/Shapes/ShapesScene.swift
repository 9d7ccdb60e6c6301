/// Objects on a background: what a `shapes` picture shows.
public struct ShapesScene: Sendable, Equatable {
    /// A colored shape and its square bounding box, in pixels from the top left.
    public struct Object: Sendable, Equatable {
        public let shape: ColoredShape
        public let left: Double
        public let top: Double
        public let side: Double

        public init(_ shape: ColoredShape, left: Double, top: Double, side: Double) {
            self.shape = shape
            self.left = left
            self.top = top
            self.side = side
        }

        public var center: (x: Double, y: Double) { (left + side / 2, top + side / 2) }
    }

    /// Side of every picture.
    public static let side = 32

    public let background: ShapeBackground
    /// One object or two; the first is the one the sentence begins with.
    public let objects: [Object]

    public init(background: ShapeBackground, objects: [Object]) {
        self.background = background
        self.objects = objects
    }

    /// Draws places and sizes that fit a sentence.
    public init(drawing caption: ShapesCaption, with generator: inout KeyedGenerator) {
        background = caption.background
        switch caption {
        case .single(let size, let shape, _):
            let side = generator.within(size?.sides ?? ShapeSize.anySides)
            objects = [Self.placed(shape, side, &generator)]
        case .pair(let first, let relation, let second, _):
            let sides = (generator.within(ShapeSize.pairSides), generator.within(ShapeSize.pairSides))
            while true {
                let a = Self.placed(first, sides.0, &generator)
                let b = Self.placed(second, sides.1, &generator)
                if Self.holds(relation, a, b, slack: 0) {
                    objects = [a, b]
                    return
                }
            }
        }
    }

    /// Anywhere inside the picture, on whole pixels.
    private static func placed(_ shape: ColoredShape, _ side: Int, _ generator: inout KeyedGenerator)
        -> Object
    {
        let room = Self.side - side
        let left = generator.within(0...room)
        let top = generator.within(0...room)
        return Object(shape, left: Double(left), top: Double(top), side: Double(side))
    }

    /// Whether `a` stands to `b` as the relation says, `slack` pixels forgiven.
    static func holds(_ relation: ShapeRelation, _ a: Object, _ b: Object, slack: Double) -> Bool {
        let (dx, dy) = (b.center.x - a.center.x, b.center.y - a.center.y)
        let (along, across): (Double, Double) =
            switch relation {
            case .above: (dy, dx)
            case .below: (-dy, dx)
            case .left: (dx, dy)
            case .right: (-dx, dy)
            }
        return along >= ShapeRelation.alongAxis - slack && abs(across) <= ShapeRelation.offAxis + slack
    }

    /// The most telling sentence that is true of the scene: with the size where it has a name.
    public var caption: ShapesCaption? {
        if objects.count == 1 {
            let shape = objects[0].shape
            let sized = ShapeSize.allCases.map { ShapesCaption.single($0, shape, background) }
            return (sized.filter { agrees(with: $0, slack: 0) } + sized + [.single(nil, shape, background)])
                .first { agrees(with: $0) }
        }
        guard objects.count == 2 else { return nil }
        return ShapeRelation.allCases.map { .pair(objects[0].shape, $0, objects[1].shape, background) }
            .first { agrees(with: $0) }
    }

    /// The picture, antialiased: each pixel mixes background and object by the share of 8 x 8 points inside
    /// it.
    public var picture: Picture {
        let level = background.level
        var picture = Picture(width: Self.side, height: Self.side, filledWith: [level, level, level])
        for object in objects {
            let color = object.shape.color.rgb
            let (x0, y0) = (max(0, Int(object.left)), max(0, Int(object.top)))
            let x1 = min(Self.side, Int((object.left + object.side).rounded(.up)))
            let y1 = min(Self.side, Int((object.top + object.side).rounded(.up)))
            for y in y0..<y1 {
                for x in x0..<x1 {
                    let share = object.coverage(x, y)
                    for (c, sample) in [color.r, color.g, color.b].enumerated() {
                        let under = Double(picture[x, y, c])
                        picture[x, y, c] = UInt8((under + share * (Double(sample) - under)).rounded())
                    }
                }
            }
        }
        return picture
    }
}

extension ShapesScene.Object {
    /// How much of pixel (x, y) the object covers, 0 to 1.
    func coverage(_ x: Int, _ y: Int) -> Double {
        let points = 8
        var inside = 0
        for j in 0..<points {
            let v = (Double(y) + (Double(j) + 0.5) / Double(points) - top) / side
            for i in 0..<points {
                let u = (Double(x) + (Double(i) + 0.5) / Double(points) - left) / side
                if shape.kind.contains(u, v) { inside += 1 }
            }
        }
        return Double(inside) / Double(points * points)
    }
}
