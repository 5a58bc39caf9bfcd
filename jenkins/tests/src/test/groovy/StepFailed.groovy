/** A step of the pipeline failed; the build is red. */
class StepFailed extends RuntimeException {
    StepFailed(String message) {
        super(message)
    }
}
