/// Reads a picture of `shapes` back into its objects, also one that a model drew: slightly blurred, noisy or
/// off color.
///
/// Background: the level most border pixels are near. Objects: connected pixels unlike it, each explained as
/// one palette color mixed with the background. Shape and box: the drawn template that overlaps
/// the mixture best.
///
/// Strict: an extra blob, a missing part, a mixed or unknown color, an object cut by the edge are no scene.
public enum ShapesChecker {
    /// Whether the picture shows what the sentence says, and nothing else.
    public static func matches(_ picture: Picture, _ caption: ShapesCaption) -> Bool { mismatch(picture, caption) == nil }

    /// The same for a sentence in words; one that is not of the grammar matches nothing.
    public static func matches(_ picture: Picture, _ caption: String) -> Bool { mismatch(picture, caption) == nil }

    /// What keeps a picture from showing what the sentence says; nil where it does.
    public static func mismatch(_ picture: Picture, _ caption: ShapesCaption) -> ShapesMismatch? {
        guard let scene = read(picture) else { return .scene }
        return scene.mismatch(with: caption)
    }

    /// The same for a sentence in words; of one that is not of the grammar there is no scene.
    public static func mismatch(_ picture: Picture, _ caption: String) -> ShapesMismatch? {
        guard let caption = ShapesCaption(caption) else { return .scene }
        return mismatch(picture, caption)
    }

    /// Pixels at least this far from the background (levels, Euclidean over RGB) may belong to an object.
    static let weak: Float = 32
    /// Pixels this far surely do.
    static let strong: Float = 56
    /// Blots with fewer sure pixels are blemishes, of which a picture may have a few such pixels in all.
    static let fewestStrong = 3
    static let mostBlemished = 4
    /// Root mean square distance of an object's pixels from mixtures of its color, levels.
    static let largestColorError: Float = 32
    /// Intersection over union of coverage that a template must reach.
    static let leastOverlap: Float = 0.85

    /// The objects of a 32 x 32 picture, left to right and top to bottom as found, or nil where it is no
    /// clean scene.
    public static func read(_ picture: Picture) -> ShapesScene? {
        let side = ShapesScene.side
        guard picture.width == side, picture.height == side else { return nil }
        let pixels = picture.rgb.pixels.map(Float.init)
        guard let background = background(of: pixels) else { return nil }
        let level = Float(background.level)
        let distance = (0..<side * side).map { i in
            let (r, g, b) = (pixels[3 * i] - level, pixels[3 * i + 1] - level, pixels[3 * i + 2] - level)
            return (r * r + g * g + b * b).squareRoot()
        }
        var objects: [ShapesScene.Object] = []
        var blemished = 0
        for blot in connected(distance.map { $0 > weak }) {
            let sure = blot.reduce(0) { $0 + (distance[$1] > strong ? 1 : 0) }
            if sure < fewestStrong {
                blemished += sure
                continue
            }
            guard objects.count < 2, let object = object(blot, pixels, level) else { return nil }
            objects.append(object)
        }
        guard !objects.isEmpty, blemished <= mostBlemished else { return nil }
        return ShapesScene(background: background, objects: objects)
    }

    /// The level that at least half of the border is near.
    private static func background(of pixels: [Float]) -> ShapeBackground? {
        let side = ShapesScene.side
        let border = (0..<side * side).filter { i in
            let (x, y) = (i % side, i / side)
            return x == 0 || y == 0 || x == side - 1 || y == side - 1
        }
        return ShapeBackground.allCases.first { background in
            let near = border.filter { i in
                (0..<3).allSatisfy { abs(pixels[3 * i + $0] - Float(background.level)) <= weak }
            }
            return 2 * near.count >= border.count
        }
    }

    /// Groups of set pixels that touch, also at corners.
    private static func connected(_ mask: [Bool]) -> [[Int]] {
        let side = ShapesScene.side
        var mask = mask
        var groups: [[Int]] = []
        for start in mask.indices where mask[start] {
            mask[start] = false
            var group = [start]
            var next = 0
            while next < group.count {
                forEachNeighbor(of: group[next]) { i in
                    guard mask[i] else { return }
                    mask[i] = false
                    group.append(i)
                }
                next += 1
            }
            groups.append(group)
        }
        return groups

        func forEachNeighbor(of i: Int, _ body: (Int) -> Void) {
            for y in max(0, i / side - 1)...min(side - 1, i / side + 1) {
                for x in max(0, i % side - 1)...min(side - 1, i % side + 1) { body(y * side + x) }
            }
        }
    }

    /// The one colored shape that explains a blot.
    private static func object(_ blot: [Int], _ pixels: [Float], _ level: Float) -> ShapesScene.Object? {
        let side = ShapesScene.side
        var best: (color: ShapeColor, error: Float) = (.red, .infinity)
        for color in ShapeColor.allCases {
            let error = blot.reduce(Float(0)) { $0 + mixture($1, pixels, level, color).error }
            if error < best.error { best = (color, error) }
        }
        guard (best.error / Float(blot.count)).squareRoot() <= largestColorError else { return nil }

        // Faint edge pixels lie just outside the blot, so its neighbours count too.
        var coverage = [Float](repeating: 0, count: side * side)
        for i in blot {
            for y in max(0, i / side - 1)...min(side - 1, i / side + 1) {
                for x in max(0, i % side - 1)...min(side - 1, i % side + 1) {
                    coverage[y * side + x] = mixture(y * side + x, pixels, level, best.color).share
                }
            }
        }
        let (xs, ys) = (blot.map { $0 % side }, blot.map { $0 / side })
        let (left, top, right, bottom) = (xs.min()!, ys.min()!, xs.max()! + 1, ys.max()! + 1)
        let start = ShapeTemplate.Box(left: 2 * left, top: 2 * top, side: 2 * max(right - left, bottom - top))
        let fits = ShapeKind.allCases.map { ($0, ShapeTemplate.fit($0, to: coverage, from: start)) }
        guard let (kind, fit) = fits.max(by: { $0.1.overlap < $1.1.overlap }), fit.overlap >= leastOverlap
        else {
            return nil
        }
        let box = fit.box
        guard box.left >= -1, box.top >= -1, max(box.left, box.top) + box.side <= 2 * side + 1 else {
            return nil
        }
        return ShapesScene.Object(
            ColoredShape(best.color, kind), left: Double(box.left) / 2, top: Double(box.top) / 2,
            side: Double(box.side) / 2)
    }

    /// How much of a pixel a color covers over the background, and the squared distance that this leaves
    /// unexplained.
    private static func mixture(
        _ i: Int, _ pixels: [Float], _ level: Float, _ color: ShapeColor
    ) -> (share: Float, error: Float) {
        let (r, g, b) = (pixels[3 * i] - level, pixels[3 * i + 1] - level, pixels[3 * i + 2] - level)
        let rgb = color.rgb
        let (cr, cg, cb) = (Float(rgb.r) - level, Float(rgb.g) - level, Float(rgb.b) - level)
        let share = max(0, min(1, (r * cr + g * cg + b * cb) / (cr * cr + cg * cg + cb * cb)))
        let (er, eg, eb) = (r - share * cr, g - share * cg, b - share * cb)
        return (share, er * er + eg * eg + eb * eb)
    }
}
