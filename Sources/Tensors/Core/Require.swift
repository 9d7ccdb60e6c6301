/// Stops the program when a caller broke a rule that only a programming mistake can break, such as shapes that do not fit.
///
/// Unlike `precondition`, it says why in release builds too, which is how everything here is built.
@inline(__always)
package func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if !condition() { fatalError(message(), file: file, line: line) }
}
