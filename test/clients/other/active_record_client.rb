# What an application with ActiveRecord does. Usage: active_record_client.rb URL MODELS
require "active_record"
require "json"

ActiveRecord::Base.establish_connection(ARGV.fetch(0))
$stdout.sync = true

# A command a line on stdin, an answer a line on stdout.
class Client
  COMMANDS = {
    "begin" => :transaction, "insert" => :insert, "insertMany" => :insert_many, "load" => :load, "save" => :save,
    "upsert" => :upsert, "readAndSave" => :read_and_save, "update" => :update, "updateMany" => :update_many,
    "remove" => :remove, "version" => :version
  }.freeze

  # @param models [Hash] e.g. { "deals" => { "table" => "deals", "key" => "record_id" } }
  def initialize(models)
    @classes = models.to_h { |name, model| [name, map_class(name, model)] }
    # Objects that the application keeps.
    @kept = []
  end

  # Carries out commands until one ends the transaction, or stdin ends. Returns which.
  def serve
    $stdin.each_line do |line|
      fields = JSON.parse(line)
      op = fields.delete("op")
      return op if %w[commit rollback].include?(op)

      puts JSON.generate(answer(op, fields))
    end
  end

  private

  # ActiveRecord reads a table's columns from the database.
  def map_class(name, model)
    entity = Class.new(ActiveRecord::Base) do
      self.table_name = "attio.#{model.fetch("table")}"
      self.primary_key = model.fetch("key")
    end
    self.class.const_set(name.camelize, entity)
  end

  def answer(op, fields)
    { result: send(COMMANDS.fetch(op), **fields.transform_keys(&:to_sym)) }
  rescue StandardError => e
    # What a client raises is what the tests want to see.
    { error: { type: e.class.name, message: e.message } }
  end

  def transaction
    ActiveRecord::Base.transaction do
      puts JSON.generate(result: nil)
      raise ActiveRecord::Rollback unless serve == "commit"
    end
    nil
  end

  def insert(model:, row:)
    @classes.fetch(model).create!(row).id
  end

  def insert_many(model:, rows:)
    @classes.fetch(model).insert_all!(rows)
    nil
  end

  def load(model:, key:)
    entity = @classes.fetch(model).find(key)
    @kept << entity
    { row: entity.attributes, handle: @kept.size - 1 }
  end

  def save(handle:, change:)
    @kept.fetch(handle).update!(change)
    nil
  end

  def upsert(model:, row:)
    @classes.fetch(model).upsert(row, unique_by: @classes.fetch(model).primary_key)
    nil
  end

  # SELECT by the key, then UPDATE or INSERT.
  def read_and_save(model:, row:)
    key = @classes.fetch(model).primary_key
    @classes.fetch(model).find_or_initialize_by(key => row.fetch(key)).update!(row)
    nil
  end

  def update(model:, key:, change:)
    by_key(model, key).update_all(change)
  end

  def update_many(model:, where:, change:)
    @classes.fetch(model).where(where).update_all(change)
  end

  def remove(model:, key:)
    by_key(model, key).delete_all
  end

  def version
    ActiveRecord::VERSION::STRING
  end

  def by_key(model, key)
    entity = @classes.fetch(model)
    entity.where(entity.primary_key => key)
  end
end

Client.new(JSON.parse(ARGV.fetch(1))).serve
