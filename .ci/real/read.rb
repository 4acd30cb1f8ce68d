# Reads configuration files as Ruby's programs do: runs ERB, then parses YAML. Usage: read.rb FOLDER, whose files are named
# `NUMBER.NAME`; prints JSON, a line a file: its name and what it holds, or the error.
#
# Secrets are files that are not there: each reads as one text, which tries to break out as well.
require 'erb'
require 'json'
require 'yaml'
require 'date'
require 'fiddle'

SECRET = "s'e\"c\\ \#{x} <%= y %> : # \u00e9\u2028-".freeze

class File
  class << self
    alias read_file read
    def read(path, *rest)
      path.to_s.start_with?('/etc/') ? "#{SECRET}\n" : read_file(path, *rest)
    end
  end
end

# As in YAML's own library; a user's connection is a map, the registry's secret a list.
module SecretFiles
  def load_file(path, *rest, **named)
    return super unless path.to_s.start_with?('/etc/')

    path.end_with?('notificationSecret') ? [SECRET] : { 'provider' => SECRET }
  end
end
YAML.singleton_class.prepend(SecretFiles)

# What an initializer of Rails names.
module Rails
  def self.env = self
  def self.production? = true
end

module Gitlab
  module Runtime
    def self.max_threads = 4
  end
end

module ActionMailer
  class Base
    class << self
      attr_accessor :delivery_method, :smtp_settings, :smtp_pool_settings
    end
  end
end

# A connection string as libpq parses it: the words that are set.
class ConnectionString
  def initialize
    library = Fiddle.dlopen('libpq.so.5')
    pointer = Fiddle::TYPE_VOIDP
    @parse = Fiddle::Function.new(library['PQconninfoParse'], [pointer, pointer], pointer)
    @size = 7 * Fiddle::SIZEOF_VOIDP # six pointers, and an int with what fills it up
  rescue Fiddle::DLError
    @parse = nil
  end

  def known? = !@parse.nil?

  def words(text)
    error = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
    options = @parse.call(text, error)
    raise "libpq: #{error.ptr}" if options.null?

    found = {}
    0.step do |number|
      fields = options[number * @size, @size].unpack('J6')
      break if fields[0].zero?

      value = fields[3]
      found[Fiddle::Pointer.new(fields[0]).to_s] = Fiddle::Pointer.new(value).to_s.dup.force_encoding('UTF-8') unless value.zero?
    end
    found
  end
end

LIBPQ = ConnectionString.new
warn 'libpq is missing: connection strings are compared as texts' unless LIBPQ.known?

def parsed(value)
  case value
  when Hash
    value.to_h do |key, inner|
      inner = LIBPQ.words(inner) if key == 'connection_string' && LIBPQ.known?
      [key.is_a?(Symbol) ? ":#{key}" : key.to_s, parsed(inner)]
    end
  when Array then value.map { |inner| parsed(inner) }
  when Symbol then ":#{value}"
  else value
  end
end

def content(name, text)
  return YAML.safe_load(text, permitted_classes: [Symbol, Date, Time], aliases: true) unless name.end_with?('.erb', '.rb', 'mail_room.yml')

  if name.end_with?('.rb')
    ActionMailer::Base.smtp_settings = ActionMailer::Base.smtp_pool_settings = nil
    TOPLEVEL_BINDING.eval(text)
    return { 'settings' => ActionMailer::Base.smtp_settings, 'pool' => ActionMailer::Base.smtp_pool_settings }
  end
  YAML.safe_load(ERB.new(text).result(TOPLEVEL_BINDING.dup), permitted_classes: [Symbol, Date, Time], aliases: true)
end

Dir.children(ARGV[0]).sort.each do |name|
  text = File.read_file(File.join(ARGV[0], name), encoding: 'UTF-8')
  result = begin
    { name: name, value: parsed(content(name, text)) }
  rescue Exception => e # rubocop:disable Lint/RescueException -- `exit` in a value is one
    { name: name, error: "#{e.class}: #{e.message}" }
  end
  puts JSON.generate(result)
end
