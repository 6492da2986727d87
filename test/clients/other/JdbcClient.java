import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an application with JDBC does. Usage: java -cp postgresql.jar JdbcClient.java MODELS JDBC-URL USER PASSWORD.
 *
 * <p>A command a line on stdin, an answer a line on stdout, as JSON.
 */
public final class JdbcClient {
  private final Connection connection;
  private final Map<String, Object> models;
  /** Rows that the application keeps, each in a result set of its own. */
  private final List<ResultSet> kept = new ArrayList<>();

  private JdbcClient(Connection connection, Map<String, Object> models) {
    this.connection = connection;
    this.models = models;
  }

  public static void main(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection(args[1], args[2], args[3])) {
      JdbcClient client = new JdbcClient(connection, new Json(args[0]).object());
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        System.out.println(Json.text(client.answer(new Json(line).object())));
      }
    }
  }

  private Map<String, Object> answer(Map<String, Object> command) {
    Map<String, Object> answer = new LinkedHashMap<>();
    try {
      answer.put("result", carryOut(command));
    } catch (SQLException error) {
      // What a client throws is what the tests want to see.
      Map<String, Object> said = new LinkedHashMap<>();
      said.put("type", error.getClass().getSimpleName());
      said.put("message", error.getMessage());
      answer.put("error", said);
    }
    return answer;
  }

  private Object carryOut(Map<String, Object> command) throws SQLException {
    String model = (String) command.get("model");
    Object key = command.get("key");
    Map<String, Object> row = map(command.get("row"));
    Map<String, Object> change = map(command.get("change"));
    switch ((String) command.get("op")) {
      case "begin":
        connection.setAutoCommit(false);
        return null;
      case "commit":
        connection.commit();
        connection.setAutoCommit(true);
        return null;
      case "rollback":
        connection.rollback();
        connection.setAutoCommit(true);
        return null;
      case "insert":
        return insert(model, row);
      case "insertMany":
        insertMany(model, (List<?>) command.get("rows"));
        return null;
      case "load":
        return load(model, key);
      case "save":
        save(kept.get(((Number) command.get("handle")).intValue()), change);
        return null;
      case "upsert":
        upsert(model, row);
        return null;
      case "readAndSave":
        readAndSave(model, row);
        return null;
      case "update":
        return updateWhere(model, keyOf(model), key, change);
      case "updateMany": {
        Map.Entry<String, Object> where = map(command.get("where")).entrySet().iterator().next();
        return updateWhere(model, where.getKey(), where.getValue(), change);
      }
      case "remove":
        return execute("DELETE FROM " + table(model) + " WHERE " + keyOf(model) + " = ?", List.of(key));
      case "version":
        return connection.getMetaData().getDriverVersion();
      default:
        throw new SQLException("no such command: " + command.get("op"));
    }
  }

  /** The key is asked for as a generated one, which the driver turns into RETURNING. */
  private String insert(String model, Map<String, Object> row) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(insertSql(model, row), new String[] {keyOf(model)})) {
      bind(statement, row.values());
      statement.executeUpdate();
      try (ResultSet keys = statement.getGeneratedKeys()) {
        return keys.next() ? keys.getString(1) : null;
      }
    }
  }

  private void insertMany(String model, List<?> rows) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(insertSql(model, map(rows.get(0))))) {
      for (Object row : rows) {
        bind(statement, map(row).values());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /** An updatable result set: it reads the whole row, and writes what was changed. */
  private Map<String, Object> load(String model, Object key) throws SQLException {
    List<String> columns = List.copyOf(map(map(models.get(model)).get("columns")).keySet());
    String sql = "SELECT " + String.join(", ", columns) + " FROM " + table(model) + " WHERE " + keyOf(model) + " = ?";
    PreparedStatement statement =
        connection.prepareStatement(sql, ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
    statement.setObject(1, key);
    ResultSet found = statement.executeQuery();
    if (!found.next()) throw new SQLException("no row with this key");
    kept.add(found);
    Map<String, Object> row = new LinkedHashMap<>();
    for (String column : columns) {
      Object value = found.getObject(column);
      row.put(column, value instanceof Array ? Arrays.asList((Object[]) ((Array) value).getArray()) : value);
    }
    Map<String, Object> loaded = new LinkedHashMap<>();
    loaded.put("row", row);
    loaded.put("handle", kept.size() - 1);
    return loaded;
  }

  private void save(ResultSet row, Map<String, Object> change) throws SQLException {
    for (Map.Entry<String, Object> value : change.entrySet()) {
      if (value.getValue() instanceof List) row.updateArray(value.getKey(), array((List<?>) value.getValue()));
      else row.updateObject(value.getKey(), value.getValue());
    }
    row.updateRow();
  }

  private void upsert(String model, Map<String, Object> row) throws SQLException {
    String sets =
        row.keySet().stream()
            .filter(name -> !name.equals(keyOf(model)))
            .map(name -> name + " = excluded." + name)
            .collect(Collectors.joining(", "));
    execute(insertSql(model, row) + " ON CONFLICT (" + keyOf(model) + ") DO UPDATE SET " + sets, row.values());
  }

  /** As data access objects do it: UPDATE, and INSERT where that found nothing. */
  private void readAndSave(String model, Map<String, Object> row) throws SQLException {
    Map<String, Object> change = new LinkedHashMap<>(row);
    Object key = change.remove(keyOf(model));
    if (updateWhere(model, keyOf(model), key, change) == 0) insert(model, row);
  }

  private int updateWhere(String model, String column, Object value, Map<String, Object> change)
      throws SQLException {
    String sets = change.keySet().stream().map(name -> name + " = ?").collect(Collectors.joining(", "));
    List<Object> parameters = new ArrayList<>(change.values());
    parameters.add(value);
    return execute("UPDATE " + table(model) + " SET " + sets + " WHERE " + column + " = ?", parameters);
  }

  private int execute(String sql, Collection<?> parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      return statement.executeUpdate();
    }
  }

  private void bind(PreparedStatement statement, Collection<?> values) throws SQLException {
    int place = 1;
    for (Object value : values) {
      if (value instanceof List) statement.setArray(place, array((List<?>) value));
      else statement.setObject(place, value);
      place += 1;
    }
  }

  private Array array(List<?> elements) throws SQLException {
    return connection.createArrayOf("text", elements.toArray());
  }

  private String insertSql(String model, Map<String, Object> row) {
    return "INSERT INTO " + table(model) + " (" + String.join(", ", row.keySet()) + ") VALUES ("
        + String.join(", ", Collections.nCopies(row.size(), "?")) + ")";
  }

  private String table(String model) {
    return "attio." + map(models.get(model)).get("table");
  }

  private String keyOf(String model) {
    return (String) map(models.get(model)).get("key");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  /** As much of JSON as the commands and answers need: the JDK has none. */
  private static final class Json {
    private final String text;
    private int at = 0;

    Json(String text) {
      this.text = text;
    }

    static String text(Object value) {
      if (value == null || value instanceof Number || value instanceof Boolean) return String.valueOf(value);
      if (value instanceof Map) {
        return map(value).entrySet().stream()
            .map(entry -> text(entry.getKey()) + ":" + text(entry.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
      }
      if (value instanceof List) {
        return ((List<?>) value).stream().map(Json::text).collect(Collectors.joining(",", "[", "]"));
      }
      StringBuilder quoted = new StringBuilder("\"");
      for (char character : value.toString().toCharArray()) {
        if (character < ' ' || character == '"' || character == '\\' || character > '~')
          quoted.append(String.format("\\u%04x", (int) character));
        else quoted.append(character);
      }
      return quoted.append('"').toString();
    }

    Map<String, Object> object() {
      Map<String, Object> fields = new LinkedHashMap<>();
      at += 1;
      while (text.charAt(at) != '}') {
        String name = string();
        at += 1;
        fields.put(name, value());
        if (text.charAt(at) == ',') at += 1;
      }
      at += 1;
      return fields;
    }

    private List<Object> list() {
      List<Object> elements = new ArrayList<>();
      at += 1;
      while (text.charAt(at) != ']') {
        elements.add(value());
        if (text.charAt(at) == ',') at += 1;
      }
      at += 1;
      return elements;
    }

    private Object value() {
      switch (text.charAt(at)) {
        case '{':
          return object();
        case '[':
          return list();
        case '"':
          return string();
        default:
          int start = at;
          while (",]}".indexOf(text.charAt(at)) < 0) at += 1;
          return word(text.substring(start, at));
      }
    }

    private static Object word(String word) {
      if (word.equals("null")) return null;
      if (word.equals("true") || word.equals("false")) return Boolean.valueOf(word);
      return new java.math.BigDecimal(word);
    }

    private String string() {
      StringBuilder characters = new StringBuilder();
      for (at += 1; text.charAt(at) != '"'; at += 1) {
        if (text.charAt(at) != '\\') {
          characters.append(text.charAt(at));
          continue;
        }
        at += 1;
        char escaped = text.charAt(at);
        if (escaped == 'u') {
          characters.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
          at += 4;
        } else {
          characters.append(escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped);
        }
      }
      at += 1;
      return characters.toString();
    }
  }
}
