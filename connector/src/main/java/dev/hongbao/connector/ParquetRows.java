package dev.hongbao.connector;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.formats.parquet.ParquetWriterFactory;
import org.apache.flink.formats.parquet.row.ParquetRowDataWriter;
import org.apache.flink.formats.parquet.utils.ParquetSchemaConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.ConversionPatterns;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Writes rows to zstd Parquet with Flink's own writer, and a map's keys as required.
 *
 * <p>Flink (1.20.1) calls every column optional, whatever its type says, and pyarrow refuses a map whose keys are.
 */
final class ParquetRows extends ParquetWriter.Builder<RowData, ParquetRows> {

  private final RowType row;

  private ParquetRows(OutputFile file, RowType row) {
    super(file);
    this.row = row;
  }

  static ParquetWriterFactory<RowData> factory(RowType row) {
    return new ParquetWriterFactory<>(
        file ->
            new ParquetRows(file, row)
                .withConf(configuration())
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .build());
  }

  private static Configuration configuration() {
    Configuration parquet = new Configuration(false);
    // INT96, the default, is deprecated and has no time zone.
    parquet.set("parquet.write.int64.timestamp", "true");
    parquet.set("parquet.timestamp.time.unit", "millis");
    return parquet;
  }

  private static MessageType schema(RowType row, Configuration parquet) {
    MessageType optional = ParquetSchemaConverter.convertToParquetMessageType("flink_schema", row, parquet);
    List<Type> fields = optional.getFields().stream().map(ParquetRows::required).collect(Collectors.toList());
    return new MessageType(optional.getName(), fields);
  }

  /** Gives a field as it is, a map with keys of text that cannot be null. */
  private static Type required(Type field) {
    if (!(field.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.MapLogicalTypeAnnotation)) {
      return field;
    }
    GroupType pair = field.asGroupType().getType(0).asGroupType();
    Type key = Types.required(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named("key");
    return ConversionPatterns.mapType(field.getRepetition(), field.getName(), pair.getName(), key, pair.getType(1));
  }

  @Override
  protected ParquetRows self() {
    return this;
  }

  @Override
  protected WriteSupport<RowData> getWriteSupport(Configuration parquet) {
    MessageType schema = schema(row, parquet);
    return new WriteSupport<>() {
      private ParquetRowDataWriter writer;

      @Override
      public WriteContext init(Configuration configuration) {
        return new WriteContext(schema, Map.of());
      }

      @Override
      public void prepareForWrite(RecordConsumer consumer) {
        writer = new ParquetRowDataWriter(consumer, row, schema, true, parquet);
      }

      @Override
      public void write(RowData written) {
        writer.write(written);
      }
    };
  }
}
