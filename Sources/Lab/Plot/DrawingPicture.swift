import Media

extension Drawing {
    /// The drawing on white as a picture.
    ///
    /// - Parameter scale: pixels a point.
    public func picture(scale: Double = 2) -> Picture {
        let (width, height, rgb) = pixels(scale: scale)
        return Picture(width: width, height: height, channels: 3, pixels: rgb)
    }
}
