/** Somebody stopped the build, or its time was over: no step is tried again. */
class Aborted extends RuntimeException {
    Aborted(String message) {
        super(message)
    }
}
