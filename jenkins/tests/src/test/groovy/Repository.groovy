/** The files that are tested. */
class Repository {
    static File root() {
        new File(System.getProperty('repository')).canonicalFile
    }

    static File file(String path) {
        new File(root(), path)
    }

    static String jenkinsfile() {
        file('jenkins/Jenkinsfile').text
    }
}
