// AWS DynamoDB Local, bound to loopback. Its own main class listens on every interface, and the records of demo patients
// have no business there. Run as a source file:
// java -cp <jars> [-Dtsumugi.sqlite=<pragmas, split by ;>] DynamoDbLoopback.java <port> <options of DynamoDB Local>
import com.almworks.sqlite4java.SQLiteConnection;
import com.almworks.sqlite4java.SQLiteJob;
import com.almworks.sqlite4java.SQLiteQueue;
import com.almworks.sqlite4java.SQLiteStatement;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

public class DynamoDbLoopback {
  /**
   * With every write to a table with a stream DynamoDB Local asks for the oldest record of that stream, and all streams are in one
   * table without an index for it: it walks over the records of the others, and took ten times the time of the write itself.
   */
  private static final String[] STREAM_INDEXES = {
    "tsumugi_stream ON us (StreamID, SequenceNumber)",
  };

  public static void main(String[] args) throws Exception {
    String[] options = java.util.Arrays.copyOfRange(args, 1, args.length);
    DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(options);
    Server server = (Server) field(proxy, "server");
    for (Connector connector : server.getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
      ((ServerConnector) connector).setPort(Integer.parseInt(args[0]));
    }
    String pragmas = System.getProperty("tsumugi.sqlite", "");
    try {
      tune(proxy, pragmas.isEmpty() ? new String[0] : pragmas.split(";"));
      proxy.start();
    } catch (Exception error) { // a damaged database, a busy port; the database's thread would keep us alive
      error.printStackTrace();
      System.exit(1);
    }
    System.out.println("listening " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    // The parent holds our standard input open; when it dies, however it dies, so do we.
    while (System.in.read() >= 0) {}
    proxy.stop();
    System.exit(0);
  }

  /** DynamoDB Local opens its one database with the first request; here before it, to set what it has no option for. */
  private static void tune(DynamoDBProxyServer proxy, String[] pragmas) throws Exception {
    Object requests = field(field(proxy, "serverHandler"), "primaryHandler");
    Method open = requests.getClass().getDeclaredMethod("getHandler", String.class);
    open.setAccessible(true);
    SQLiteQueue queue = (SQLiteQueue) field(field(open.invoke(requests, "shared"), "dbAccess"), "queue");
    queue.execute(new SQLiteJob<Void>() {
      @Override protected Void job(SQLiteConnection database) throws Throwable {
        for (String pragma : pragmas) {
          SQLiteStatement statement = database.prepare("PRAGMA " + pragma);
          while (statement.step()) {}
          statement.dispose();
        }
        for (String index : STREAM_INDEXES) database.exec("CREATE INDEX IF NOT EXISTS " + index);
        return null;
      }
    }).get();
  }

  private static Object field(Object of, String name) throws Exception {
    for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (!field.getName().equals(name)) continue;
        field.setAccessible(true);
        return field.get(of);
      }
    }
    throw new NoSuchFieldException(name);
  }
}
