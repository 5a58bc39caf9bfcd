/** Takes what `environment { NAME = 'value' }` assigns; anything that it reads comes from around it. */
class Assignments {
    private final Map<String, String> assigned = [:]

    Map<String, String> all() {
        assigned
    }

    @Override
    void setProperty(String name, Object value) {
        assigned[name] = value.toString()
    }

    @Override
    Object getProperty(String name) {
        if (!assigned.containsKey(name)) {
            throw new MissingPropertyException(name, Assignments)
        }
        assigned[name]
    }
}
